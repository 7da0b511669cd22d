// Programs and their daemon as threads of one process, over one and the same mapping of the shared
// memory, so that ThreadSanitizer sees both sides of every ring and bell at one address.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "tests/client/single_node.hh"

// The second mapping of a file is the first one (--wrap).
namespace {

struct Shared {
  ino_t file = 0;
  int holders = 0;
};
std::mutex mappings_lock;
std::map<void*, Shared>& mappings() {
  static std::map<void*, Shared> all;
  return all;
}

}  // namespace

extern "C" {
void* __real_mmap64(void*, std::size_t, int, int, int, off_t);
int __real_munmap(void*, std::size_t);

void* __wrap_mmap64(void* where, std::size_t size, int protection, int flags, int file, off_t at) {
  struct stat facts {};
  if (!(flags & MAP_SHARED) || file < 0 || ::fstat(file, &facts) != 0)
    return __real_mmap64(where, size, protection, flags, file, at);
  const std::lock_guard lock(mappings_lock);
  for (auto& [memory, shared] : mappings())
    if (shared.file == facts.st_ino) {
      ++shared.holders;
      return memory;
    }
  void* memory = __real_mmap64(where, size, protection, flags, file, at);
  mappings()[memory] = {facts.st_ino, 1};
  return memory;
}

int __wrap_munmap(void* memory, std::size_t size) {
  const std::lock_guard lock(mappings_lock);
  const auto found = mappings().find(memory);
  if (found != mappings().end()) {
    if (--found->second.holders > 0) return 0;
    mappings().erase(found);
  }
  return __real_munmap(memory, size);
}
}

namespace gyre::client {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t messages = 2000;
constexpr std::size_t programs = 2;

// Says `messages` of all lengths and hears all that was said, its own and the others', in order.
class Program {
 public:
  enum class Way { waits, spins };

  Program(Connection connection, Way way) : connection_(std::move(connection)), way_(way) {}

  void run() {
    connection_.join("g");
    wait_for_all();
    for (std::uint32_t i = 1; i <= messages; ++i) {
      say(i);
      if (i % 64 == 0) {
        EXPECT_TRUE(connection_.flush(30s));
      }
      while (hear(connection_.poll())) {
      }
    }
    while (heard_ < programs * messages) hear(way_ == Way::spins ? connection_.spin() : wait());
  }

 private:
  std::optional<Event> wait() {
    auto event = connection_.receive(30s);
    EXPECT_TRUE(event);
    return event;
  }
  void wait_for_all() {
    while (members_ < programs) hear(wait());
  }
  void say(std::uint32_t number) {
    std::array<std::uint32_t, 300> words;
    words.fill(number);
    connection_.send("g", std::as_bytes(std::span(words).first(1 + number * 31 % words.size())));
  }
  bool hear(const std::optional<Event>& event) {
    if (!event) return false;
    if (const auto* change = std::get_if<GroupChange>(&*event)) members_ = change->members.size();
    if (const auto* message = std::get_if<Message>(&*event)) check(*message);
    return true;
  }
  void check(const Message& message) {
    const std::uint32_t number = ++last_[message.sender.client];
    std::array<std::uint32_t, 300> words{};
    ASSERT_LE(message.payload.size(), sizeof words);
    std::memcpy(words.data(), message.payload.data(), message.payload.size());
    EXPECT_EQ(message.payload.size() / 4, 1 + number * 31 % words.size());
    for (std::size_t i = 0; i < message.payload.size() / 4; ++i) EXPECT_EQ(words[i], number);
    ++heard_;
  }

  Connection connection_;
  Way way_;
  std::size_t members_ = 0, heard_ = 0;
  std::map<std::uint32_t, std::uint32_t> last_;
};

// As the reactor: polls what is hot, and sleeps when all have parked.
void serve(test::SingleNode& node, const std::atomic<std::size_t>& running) {
  while (running > 0) {
    node.now += 1us;
    if (node.turn()) continue;
    bool asleep = true;
    for (auto& port : node.ports()) asleep &= !port.hot() || port.park();
    node.watch_sockets(asleep ? 1 : 0);
  }
}

TEST(Threads, ProgramsAndDaemonMeetInOneMemory) {
  test::SingleNode node;
  std::array<std::unique_ptr<Connection>, programs> connections;
  for (auto& connection : connections) connection = node.connect();
  ASSERT_EQ(mappings().size(), programs) << "one for both sides of each";
  for (const auto& [memory, shared] : mappings()) EXPECT_EQ(shared.holders, 2);

  std::atomic<std::size_t> running = programs;
  std::array<std::thread, programs> threads;
  for (std::size_t i = 0; i < programs; ++i)
    threads[i] = std::thread([&, i] {
      Program(std::move(*connections[i]), Program::Way(i % 2)).run();
      --running;
    });
  serve(node, running);
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace gyre::client
