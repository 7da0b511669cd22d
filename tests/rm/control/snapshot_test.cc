// A document goes in pieces and comes together again; what is not whole, or not its own, does not.
#include "rm/control/snapshot.hh"

#include <gtest/gtest.h>

#include "rm/cib/scan.hh"
#include "tests/sim/dice.hh"

namespace gyre::rm::control {
namespace {

// That cannot be made short, so that it takes several pieces.
std::string noise(std::size_t size) {
  sim::Dice dice(1);
  std::string text;
  while (text.size() < size) text += static_cast<char>(dice.below(256));
  return text;
}

Assembly assemble(const std::vector<std::string>& pieces) {
  Assembly assembly;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    EXPECT_TRUE(assembly.add(i, pieces.size(), pieces[i]));
  return assembly;
}

TEST(Snapshot, ComesTogetherAgain) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 3 * piece_size_max}) {
    const std::string text = noise(size);
    const auto pieces = to_pieces(text);
    for (const std::string& piece : pieces) EXPECT_LE(piece.size(), piece_size_max);
    EXPECT_EQ(pieces.size() > 1, size > piece_size_max);
    const Assembly assembly = assemble(pieces);
    EXPECT_TRUE(assembly.complete());
    EXPECT_EQ(assembly.document(), text);
  }
}

TEST(Snapshot, TakesOnlyThePieceThatHasToCome) {
  const auto pieces = to_pieces(noise(3 * piece_size_max));
  Assembly assembly;
  EXPECT_FALSE(assembly.add(1, pieces.size(), pieces[1]));
  EXPECT_TRUE(assembly.add(0, pieces.size(), pieces[0]));
  EXPECT_FALSE(assembly.add(0, pieces.size(), pieces[0]));
  EXPECT_FALSE(assembly.add(1, pieces.size() + 1, pieces[1]));
  EXPECT_TRUE(assembly.add(1, pieces.size(), pieces[1]));
  EXPECT_FALSE(assembly.complete());
  EXPECT_EQ(assembly.document(), std::nullopt);
}

TEST(Snapshot, BoundsWhatItTakes) {
  Assembly assembly;
  EXPECT_FALSE(assembly.add(0, 1, std::string(piece_size_max + 1, 'x')));
  EXPECT_FALSE(assembly.add(0, document_size_max / piece_size_max + 1, "x"));
  EXPECT_FALSE(assembly.add(0, 0, "x"));
}

TEST(Snapshot, RefusesWhatIsDamaged) {
  auto pieces = to_pieces("<cib/>");
  for (char& byte : pieces[0]) {
    byte = static_cast<char>(byte ^ 0x55);
    EXPECT_NE(assemble(pieces).document(), "<cib/>");
    byte = static_cast<char>(byte ^ 0x55);
  }
  EXPECT_EQ(assemble({"short"}).document(), std::nullopt);
  EXPECT_EQ(assemble({std::string(16, '\xff')}).document(), std::nullopt);
}

}  // namespace
}  // namespace gyre::rm::control
