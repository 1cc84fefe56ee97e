# Files inside the program: bytes that need no installation and cannot be lost.
enable_language(ASM)

# assay_embed(TARGET FILE SYMBOL): links FILE's bytes into TARGET. In C++:
#   extern "C" const unsigned char SYMBOL[], SYMBOL_end[];   // SYMBOL_end - SYMBOL bytes, aligned to 64
function(assay_embed target file symbol)
  get_filename_component(path "${file}" ABSOLUTE)
  if(NOT EXISTS "${path}")
    message(FATAL_ERROR "assay_embed: no file ${path}")
  endif()
  set(prefix "")
  set(section ".section .rodata,\"a\"")
  set(end_of_file ".section .note.GNU-stack,\"\",%progbits")  # without it the program's stack would be executable
  if(APPLE)
    set(prefix "_")
    set(section ".const")
    set(end_of_file "")
  endif()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.s")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
  @section@
  .globl @prefix@@symbol@
  .globl @prefix@@symbol@_end
  .balign 64
@prefix@@symbol@:
  .incbin "@path@"
@prefix@@symbol@_end:
  .byte 0
  @end_of_file@
]])
  # An object library of its own: the target's C++ flags mean nothing to an assembler.
  add_library(${symbol}_bytes OBJECT "${source}")
  set_source_files_properties("${source}" PROPERTIES LANGUAGE ASM OBJECT_DEPENDS "${path}")
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${symbol}_bytes>)
endfunction()
