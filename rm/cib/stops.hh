// Where a text wants a second look: at markup, at what may be, and at what is no printable ASCII.
// Sixty-four bytes are judged at once, so that the end of a value is known before its beginning was
// looked at: a processor that does much at a time need not wait for one to do the other.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gyre::rm {

class Stops {
 public:
  explicit Stops(std::string_view text) : text_(text) { take(); }

  // Other bytes stand for themselves, in a text as in a value.
  static constexpr bool is_stop(unsigned char c) noexcept {
    return c < ' ' || c > 0x7f || c == '<' || c == '&' || c == '"' || c == '\'' || c == ']';
  }

  // The first at or after `at`, which never goes back; the text's end if there is none.
  std::size_t from(std::size_t at) noexcept {
    while (next_ < at) take();
    return next_;
  }

 private:
  static constexpr std::size_t block = 64;

  void take() noexcept {
    while (stops_ == 0) {
      begin_ = end_;
      if (begin_ == text_.size()) {
        next_ = begin_;
        return;
      }
      const auto bytes = text_.substr(begin_, block);
      stops_ = judge(bytes);
      end_ += bytes.size();
    }
    next_ = begin_ + static_cast<std::size_t>(std::countr_zero(stops_));
    stops_ &= stops_ - 1;
  }

  // A bit for each byte.
  static std::uint64_t judge(std::string_view bytes) noexcept {
    std::uint64_t stops = 0;
#ifdef __SSE2__
    if (bytes.size() == block) {
      for (std::size_t i = 0; i < block; i += 16)
        stops |= std::uint64_t{judge_sixteen(bytes.data() + i)} << i;
      return stops;
    }
#endif
    for (std::size_t i = 0; i < bytes.size(); ++i)
      stops |= std::uint64_t{is_stop(static_cast<unsigned char>(bytes[i]))} << i;
    return stops;
  }
#ifdef __SSE2__
  static std::uint32_t judge_sixteen(const char* from) noexcept {
    const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const auto are = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const auto low_or_high = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));  // high ones are negative
    const auto ends = _mm_or_si128(_mm_or_si128(are('"'), are('\'')), are('<'));
    const auto others = _mm_or_si128(are('&'), are(']'));
    const auto stops = _mm_or_si128(low_or_high, _mm_or_si128(ends, others));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(stops));
  }
#endif

  std::string_view text_;
  std::size_t begin_ = 0, end_ = 0;  // of the block that is judged
  std::uint64_t stops_ = 0;          // in it, after the next one
  std::size_t next_ = 0;
};

}  // namespace gyre::rm
