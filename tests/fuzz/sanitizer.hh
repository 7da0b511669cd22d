// What a target tells AddressSanitizer, where it runs.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define GYRE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GYRE_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef GYRE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) static_cast<void>(at)
#define ASAN_UNPOISON_MEMORY_REGION(at, size) static_cast<void>(at)
#define __lsan_register_root_region(at, size) static_cast<void>(at)
#endif
