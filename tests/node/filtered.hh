// Whether the kernel refuses gyred the calls that it has no use for: a sanitizer needs more of
// them.
#pragma once

namespace gyre {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool calls_are_filtered = false;
#elif defined(__has_feature)
inline constexpr bool calls_are_filtered =
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
inline constexpr bool calls_are_filtered = true;
#endif

}  // namespace gyre
