// Where keys stand in the memory of a gyred that runs, read as root reads it.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <sstream>

#include "node/privileges.hh"
#include "tests/node/sealed_nodes.hh"

namespace gyre::test {
namespace {

struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  std::string name, flags;  // as smaps says them

  bool keeps_keys() const {
    const auto has = [&](const char* flag) { return flags.find(flag) != std::string::npos; };
    return name.empty() && has(" lo") && has(" dd") && has(" wf") && !has(" sh");
  }
};

std::vector<Mapping> mappings_of(pid_t pid) {
  std::vector<Mapping> all;
  std::istringstream lines(read_file(fmt::format("/proc/{}/smaps", pid)));
  for (std::string line; std::getline(lines, line);) {
    Mapping next;
    char name[256] = "";
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %*s %255[^\n]", &next.begin, &next.end,
                    name) >= 2) {
      next.name = name;
      all.push_back(next);
    } else if (line.starts_with("VmFlags:")) {
      all.back().flags = line;
    }
  }
  return all;
}

// Every page that there is, whoever may read it, with the mapping that it is in.
class Memory {
 public:
  explicit Memory(pid_t pid)
      : memory_(::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDONLY | O_CLOEXEC)),
        pages_(::open(fmt::format("/proc/{}/pagemap", pid).c_str(), O_RDONLY | O_CLOEXEC)) {
    for (const Mapping& mapping : mappings_of(pid)) read(mapping);
  }
  // Where those bytes stand.
  std::vector<Mapping> places_of(std::span<const std::byte> wanted) const {
    std::vector<Mapping> found;
    for (const Part& part : parts_) {
      const std::boyer_moore_horspool_searcher search(wanted.begin(), wanted.end());
      for (auto at = part.bytes.begin();
           (at = search(at, part.bytes.end()).first) != part.bytes.end(); ++at)
        found.push_back(part.mapping);
    }
    return found;
  }

 private:
  struct Part {
    Mapping mapping;
    std::vector<std::byte> bytes;
  };
  static constexpr std::size_t page = 4096;

  void read(const Mapping& mapping) {
    std::vector<std::uint64_t> entries((mapping.end - mapping.begin) / page);
    ::pread(pages_.number(), entries.data(), entries.size() * 8,
            static_cast<off_t>(mapping.begin / page * 8));
    bool grows = false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      std::array<std::byte, page> bytes;
      const bool is_there = entries[i] >> 62 != 0 &&  // in memory, or swapped out
                            ::pread(memory_.number(), bytes.data(), page,
                                    static_cast<off_t>(mapping.begin + i * page)) == page;
      if (is_there) {
        if (!grows) parts_.push_back({mapping, {}});
        parts_.back().bytes.insert(parts_.back().bytes.end(), bytes.begin(), bytes.end());
      }
      grows = is_there;
    }
  }

  shm::Descriptor memory_, pages_;
  std::vector<Part> parts_;
};

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
