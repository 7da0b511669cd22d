// The cluster's key in memory: who can read it, when, and where it never goes.
#include "transport/root_key.hh"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace gyre {
namespace {

// A sanitizer makes mlock() do nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_locked = false;
#elif defined(__has_feature)
constexpr bool memory_is_locked =
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool memory_is_locked = true;
#endif

std::vector<std::byte> some_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

// The kernel's words on the mapping that holds `address`: "lo" locked, "dd" not in core dumps, "wf"
// wiped on fork.
std::string flags_of(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      here = begin <= wanted && wanted < end;
    if (here && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

// How a child ends that does `what`.
template <typename What>
int status_of_child(What what) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer's would report it
    ::_exit(what());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(RootKey, HoldsTheBytes) {
  for (const std::size_t size : {RootKey::size_min, std::size_t{1000}, RootKey::size_max}) {
    const auto bytes = some_bytes(size);
    const RootKey key(bytes);
    EXPECT_EQ(key.size(), size);
    EXPECT_TRUE(std::ranges::equal(key.read().bytes(), bytes));
  }
}

TEST(RootKey, MovesWithoutACopy) {
  const auto bytes = some_bytes(256);
  RootKey key(bytes);
  const std::byte* const place = key.read().bytes().data();
  RootKey other(some_bytes(128));
  other = std::move(key);
  EXPECT_EQ(other.read().bytes().data(), place);
  EXPECT_TRUE(std::ranges::equal(other.read().bytes(), bytes));
}

TEST(RootKey, IsReadableOnlyWhileSomebodyReads) {
  const RootKey key(some_bytes(256));
  const volatile std::byte* place = nullptr;
  {
    const auto reading = key.read();
    place = reading.bytes().data();
    EXPECT_EQ(static_cast<int>(place[0]), 1);
  }
  const int status = status_of_child([&] { return static_cast<int>(place[0]) + 1; });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSEGV);
}

TEST(RootKey, IsGoneWhenItsOwnerIs) {
  const volatile std::byte* place = nullptr;
  {
    const RootKey key(some_bytes(256));
    place = key.read().bytes().data();
  }
  const int status = status_of_child([&] { return static_cast<int>(place[0]) + 1; });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSEGV);
}

TEST(RootKey, IsLockedAndInNoCoreDump) {
  const RootKey key(some_bytes(4096));
  const auto reading = key.read();
  for (const std::byte* end : {reading.bytes().data(), &reading.bytes().back()}) {
    const std::string flags = flags_of(end);
    for (const char* flag : {memory_is_locked ? " lo " : " dd ", " dd ", " wf "})
      EXPECT_NE(flags.find(flag), std::string::npos) << flag << "in" << flags;
  }
}

TEST(RootKey, IsNothingInAChild) {
  const RootKey key(some_bytes(256));
  const int status = status_of_child([&] {
    const auto reading = key.read();
    return std::ranges::all_of(reading.bytes(), [](std::byte b) { return b == std::byte{}; }) ? 0
                                                                                              : 1;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(RootKey, WithoutLockedMemoryThereIsNoKeyAndTheLimitIsTold) {
  if (!memory_is_locked) GTEST_SKIP() << "a sanitizer locks no memory";
  const int status = status_of_child([] {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 2;
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    try {
      const RootKey key(some_bytes(256));
    } catch (const std::runtime_error& error) {
      const std::string what = error.what();
      return what.find("allows 0 bytes (RLIMIT_MEMLOCK") != std::string::npos ? 0 : 3;
    }
    return 1;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace gyre
