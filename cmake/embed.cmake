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

# assay_embed_folder(TARGET FOLDER SYMBOL): links every file below FOLDER into TARGET, but for *.md. For each file, by
# path: uint32 bytes of its path, uint32 bytes of its content, its path below FOLDER, its content.
function(assay_embed_folder target folder symbol)
  get_filename_component(folder "${folder}" ABSOLUTE)
  file(GLOB_RECURSE names CONFIGURE_DEPENDS LIST_DIRECTORIES false RELATIVE "${folder}" "${folder}/*")
  list(FILTER names EXCLUDE REGEX "\\.md$")
  list(SORT names)
  set(prefix "")
  set(label ".L")
  set(section ".section .rodata,\"a\"")
  set(end_of_file ".section .note.GNU-stack,\"\",%progbits")
  if(APPLE)
    set(prefix "_")
    set(label "L")
    set(section ".const")
    set(end_of_file "")
  endif()
  set(content "  ${section}\n  .globl ${prefix}${symbol}\n  .globl ${prefix}${symbol}_end\n  .balign 64\n${prefix}${symbol}:\n")
  set(paths "")
  set(number 0)
  foreach(name IN LISTS names)
    string(LENGTH "${name}" length)
    string(APPEND content "  .long ${length}, ${label}${symbol}_${number}_end - ${label}${symbol}_${number}\n  .ascii \"${name}\"\n"
                          "${label}${symbol}_${number}:\n  .incbin \"${folder}/${name}\"\n${label}${symbol}_${number}_end:\n")
    list(APPEND paths "${folder}/${name}")
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND content "${prefix}${symbol}_end:\n  .byte 0\n  ${end_of_file}\n")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.s")
  file(CONFIGURE OUTPUT "${source}" CONTENT "${content}" @ONLY)
  add_library(${symbol}_bytes OBJECT "${source}")
  set_source_files_properties("${source}" PROPERTIES LANGUAGE ASM OBJECT_DEPENDS "${paths}")
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${symbol}_bytes>)
endfunction()
