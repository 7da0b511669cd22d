// Where keys stand in the memory of a gyred that runs, read as root reads it.
#include <sys/resource.h>

#include "node/privileges.hh"
#include "tests/node/memory.hh"
#include "tests/node/sealed_nodes.hh"

namespace gyre::test {
namespace {

class GyredMemory : public SealedNodes {
 protected:
  void SetUp() override {
    SealedNodes::SetUp();
    if (IsSkipped()) return;
    if (!node::calls_are_filtered)
      GTEST_SKIP() << "a sanitizer keeps copies of its own, and maps more than can be read";
    secret.resize(512);
    randombytes_buf(secret.data(), secret.size());
    write_key("key", secret);
  }
  std::string secret;
};

// The file's bytes are gone once the cluster's key is made of them; that, and what is made of it
// for senders, stands in guarded memory and nowhere else, the stack included.
TEST_F(GyredMemory, KeysStandInGuardedMemoryAndNowhereElse) {
  Tap to(2, 1), back(1, 2);
  const auto first = start(1), second = start(2);
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  const auto bytes = std::as_bytes(std::span(secret));
  const ClusterKey key(RootKey(bytes), "");
  const Memory memory(first->pid());
  const std::string known = run_dir(1);
  ASSERT_FALSE(memory.places_of(std::as_bytes(std::span(known))).empty()) << "it is read";
  for (std::size_t at = 0; at < bytes.size(); at += 32)
    EXPECT_TRUE(memory.places_of(bytes.subspan(at, 32)).empty()) << "the key file's, from " << at;
  const auto expect_guarded = [&](std::span<const std::byte> what, const char* name) {
    const std::vector<Mapping> places = memory.places_of(what);
    EXPECT_FALSE(places.empty()) << name;
    for (const Mapping& place : places)
      EXPECT_TRUE(place.keeps_keys()) << name << " in " << place.name << place.flags;
  };
  expect_guarded(std::as_bytes(std::span(key.bytes())), "the cluster's key");
  EXPECT_EQ(memory.places_of(std::as_bytes(std::span(key.bytes()))).size(), 1u);
  for (Tap* tap : {&to, &back}) {
    Header header;
    ASSERT_EQ(read_header(tap->heard().back(), cluster_tag(""), header, suite()), Refusal::none);
    for (const Lane lane : {Lane::data, Lane::token}) {
      header.lane = lane;
      Guarded<Seal> seal(1);
      seal[0].make(key, suite(), Seal::Place::of(header));
      expect_guarded(std::as_bytes(std::span(&seal[0], 1)).first(32), "a sender's key");
    }
  }
}

TEST_F(GyredMemory, NoCoreIsLeft) {
  rlimit before{};
  ::getrlimit(RLIMIT_CORE, &before);
  const rlimit most{before.rlim_max, before.rlim_max};
  ::setrlimit(RLIMIT_CORE, &most);
  const auto process = start(1);
  process->signal(SIGABRT);
  const auto ended = process->wait();
  ::setrlimit(RLIMIT_CORE, &before);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 128 + SIGABRT);
  EXPECT_FALSE(ended->core);
}

}  // namespace
}  // namespace gyre::test
