#include "rm/cib/stops.hh"

#include <gtest/gtest.h>

#include <string>

namespace gyre::rm {
namespace {

TEST(Stops, AreFoundWhereverTheyStand) {
  for (std::size_t size : {0u, 1u, 15u, 63u, 64u, 65u, 200u})
    for (std::size_t at = 0; at < size; ++at)
      for (const char c : {'<', '&', '"', '\'', ']', '\n', '\x1f', '\x80', '\xff', '\0'}) {
        std::string text(size, 'a');
        text[at] = c;
        Stops stops(text);
        ASSERT_EQ(stops.from(0), at);
        ASSERT_EQ(stops.from(at), at);
        ASSERT_EQ(stops.from(at + 1), size);
        ASSERT_EQ(stops.from(size), size);
      }
}

TEST(Stops, AreThoseThatAreTold) {
  for (int c = 0; c < 256; ++c)
    for (std::size_t size : {20u, 64u}) {
      std::string text(size, 'a');
      text[7] = static_cast<char>(c);
      EXPECT_EQ(Stops(text).from(0) == 7, Stops::is_stop(static_cast<unsigned char>(c))) << c;
    }
}

TEST(Stops, OneAfterTheOther) {
  const std::string text(150, '\n');
  Stops stops(text);
  for (std::size_t at = 0; at <= text.size(); ++at) EXPECT_EQ(stops.from(at), at);
}

}  // namespace
}  // namespace gyre::rm
