// What tests of several links begin with, open and sealed.
#pragma once

#include <algorithm>
#include <set>

#include "tests/transport/links_bed.hh"

namespace gyre::test {

using Mode = Redundant::Mode;
using Texts = std::vector<std::string>;

class Links : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && (sodium_init() < 0 || !available(Suite::aes256gcm)))
      GTEST_SKIP() << "no AES here";
  }
  static LinksOptions options(std::size_t nodes = 2, std::size_t links = 2,
                              Mode mode = Mode::active) {
    LinksOptions options;
    options.nodes = nodes;
    options.links = links;
    options.mode = mode;
    options.sealed = GetParam();
    return options;
  }
  // Until all have proved to each other that they are there, and each link is known.
  static void meet(LinksBed& bed) {
    for (std::size_t i = 0; i < bed.node_count(); ++i) bed.send(i, "hello");
    bed.run(milliseconds(200));
    for (std::size_t i = 0; i < bed.node_count(); ++i) {
      EXPECT_EQ(bed.health(i).neighbours(), bed.node_count() - 1);
      bed.node(i).received.clear();
    }
  }
  // Link 1, so that it is kept out for long. It is cut then.
  static void fail_often(LinksBed& bed) {
    for (int i = 0; i < 6; ++i) {
      bed.cut(1, false);
      bed.until([&] { return bed.good(0, 1) == 3; });
      bed.cut(1);
      bed.until([&] { return bed.good(0, 1) == 1; });
    }
  }
  static std::string_view fault(LinksBed& bed, std::size_t node, std::size_t link) {
    return bed.health(node).path(0, link).fault;
  }
  static LinkMask sound(LinksBed& bed, std::size_t from, std::size_t to) {
    return bed.health(from).sound(bed.id(to)) & bed.all();
  }
};

}  // namespace gyre::test
