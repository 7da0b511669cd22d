// What a picture of a measurement holds.
#include "bench/plot.hh"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <regex>
#include <system_error>

namespace gyre::bench {
namespace {

using Numbers = std::vector<double>;

Numbers values(const std::vector<std::pair<double, std::string>>& marks) {
  Numbers values;
  for (const auto& mark : marks) values.push_back(mark.first);
  return values;
}

std::size_t count(const std::string& text, const std::string& words) {
  std::size_t found = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

TEST(Plot, MarksAreRoundAndEncloseWhatIsDrawn) {
  EXPECT_EQ(values(round_marks(3, 70)), (Numbers{2, 5, 10, 20, 50, 100}));
  EXPECT_EQ(values(round_marks(1, 1)), (Numbers{1, 2}));
  EXPECT_EQ(values(round_marks(100, 1000)), (Numbers{100, 200, 500, 1000}));
}

TEST(Plot, EachCurveHasItsPointsAndItsName) {
  const std::string svg = plot("up & <away>", {"across", {{1, "one"}, {100, "many"}}},
                               {{"first", {{1, 20}, {10, 30}, {100, 900}}}, {"second", {{1, 5}}}});
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  for (const char* words : {">first</text>", ">second</text>", ">across</text>", ">many</text>",
                            ">up &amp; &lt;away></text>", ">1000</text>"})
    EXPECT_EQ(count(svg, words), 1u) << words;
  const std::regex three("points=\"([0-9.]+,[0-9.]+ ){3}\"");
  EXPECT_TRUE(std::regex_search(svg, three)) << svg;
}

TEST(Plot, AFileThatCannotBeWrittenIsNamed) {
  const auto path = std::filesystem::path(testing::TempDir()) / "none" / "plot.svg";
  const std::function<void()> ways[] = {[&] { begin_plot(path); }, [&] { write_plot(path, "x"); }};
  for (const auto& way : ways) {
    try {
      way();
      FAIL();
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.what(), path.string() + ": No such file or directory");
    }
  }
}

TEST(Plot, TheLastOneStaysUntilThereIsANewOne) {
  const auto path = std::filesystem::path(testing::TempDir()) / "gyre_plot_test.svg";
  write_plot(path, "old");
  begin_plot(path);
  EXPECT_EQ(std::filesystem::file_size(path), 3u);
  write_plot(path, "newer");
  EXPECT_EQ(std::filesystem::file_size(path), 5u);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace gyre::bench
