// Forced into llama.cpp's C++ files where the compiler is GCC. GCC's AMX intrinsics do not tell the optimiser which memory
// they read: _tile_loadconfig names 8 of its 64 bytes, _tile_loadd none. GCC 12 then drops the stores that fill ggml's
// tile configuration, and every quantised matrix product faults. The same instructions, with memory as an input.
#pragma once
#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#undef _tile_loadd
#undef _tile_stream_loadd
#define _tile_loadconfig(config) __asm__ volatile("ldtilecfg\t%0" ::"m"(*(const char(*)[64])(config)))
#define ASSAY_TILE_LOAD(instruction, tile, base, stride) \
  __asm__ volatile(instruction "\t(%0,%1,1), %%tmm" #tile ::"r"((const void*)(base)), "r"((long)(stride)) : "memory")
#define _tile_loadd(tile, base, stride) ASSAY_TILE_LOAD("tileloadd", tile, base, stride)
#define _tile_stream_loadd(tile, base, stride) ASSAY_TILE_LOAD("tileloaddt1", tile, base, stride)
#endif
