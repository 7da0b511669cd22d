#include "rm/local/frame.hh"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gyre::rm::local {
namespace {

TEST(Frame, ComesOutAsItWentInHoweverItIsCut) {
  const std::vector<std::string> payloads = {"", "a", std::string(300, 'x'),
                                             std::string("\0\n", 2)};
  std::string stream;
  for (const std::string& payload : payloads) append_frame(stream, payload);
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    Frames frames(300);
    std::vector<std::string> found;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      frames.add(std::string_view(stream).substr(at, piece));
      while (const auto payload = frames.next()) found.emplace_back(*payload);
    }
    EXPECT_EQ(found, payloads) << piece;
    EXPECT_TRUE(frames.between());
  }
}

TEST(Frame, SaysWhetherItEndsWithinOne) {
  Frames frames(10);
  std::string stream;
  append_frame(stream, "abc");
  frames.add(std::string_view(stream).substr(0, 5));
  EXPECT_FALSE(frames.next());
  EXPECT_FALSE(frames.between());
}

TEST(Frame, ThatIsTooLongEndsTheStream) {
  std::string stream;
  append_frame(stream, "whole");
  stream += "\xff\xff\xff\xff";
  append_frame(stream, "behind");
  Frames frames(1000);
  frames.add(stream);
  EXPECT_EQ(frames.next(), "whole");
  EXPECT_FALSE(frames.broken());
  EXPECT_EQ(frames.next(), std::nullopt);
  EXPECT_TRUE(frames.broken());
  EXPECT_EQ(frames.next(), std::nullopt);
}

}  // namespace
}  // namespace gyre::rm::local
