// A hostile program: its records, the shared words, and what it does to its memory while the daemon
// reads. Whatever it does, the ring gets whole requests in this program's name, and in the end its
// process_down, once.
#include "node/client_port.hh"

#include <sys/socket.h>

#include <array>
#include <cassert>

#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;
using namespace gyre::node;

constexpr std::size_t ring_size = 4096, steps_max = 64;
constexpr std::uint32_t client = 77, pid = 1234;
constexpr NodeId self{7};
constexpr std::array<std::string_view, 4> names = {"a", "bb", "ccc", "dddd"};

alignas(shm::line_pair) std::array<std::byte, shm::words_size + 2 * ring_size> memory;

// The bytes in the sockets, of which the port's end is all that there is.
constexpr int socket_number = 1 << 20, room_number = socket_number + 1;
std::array<std::size_t, 2> waiting;

}  // namespace

extern "C" {
ssize_t __wrap_send(int socket, const void*, std::size_t size, int) {
  assert((socket == socket_number || socket == room_number) && size == 1);
  return 1;
}
ssize_t __wrap_recv(int socket, void*, std::size_t size, int flags) {
  assert(size == 1);
  std::size_t& bytes = waiting[static_cast<std::size_t>(socket - socket_number)];
  if (bytes == 0) return -1;
  if ((flags & MSG_PEEK) == 0) --bytes;
  return 1;
}
int __wrap_shutdown(int, int) {
  return 0;
}
}

namespace {

shm::Channel make_channel() {
  memory.fill({});
  waiting = {};
  shm::Channel channel;
  channel.socket = shm::Descriptor(socket_number);
  channel.room = shm::Descriptor(room_number);
  channel.memory = shm::Mapping(memory.data(), 0);
  channel.requests_size = channel.events_size = ring_size;
  channel.node = static_cast<std::uint32_t>(self);
  channel.client = client;
  channel.pid = pid;
  return channel;
}

// The ring, which takes a request now or later, and meanwhile the program writes.
class Order final : public Submitter {
 public:
  std::uint8_t choice = 0;
  std::size_t downs = 0;

 private:
  bool submit(std::uint32_t from, totem::Guarantee guarantee,
              std::span<const std::span<const std::byte>> parts) noexcept override {
    assert(from == client && guarantee <= totem::Guarantee::safe && parts.size() == 2);
    const auto header = parts[0], payload = parts[1];
    assert(!later_ || std::ranges::equal(header, std::span(header_).first(header_size_)));
    check(header, payload);
    header_size_ = header.size();
    std::ranges::copy(header, header_.begin());
    if (choice & 1) {  // the program changes what was read already
      const std::size_t at = shm::words_size + (choice >> 2) * 8u;
      std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(at), 16, std::byte{choice});
    }
    later_ = (choice & 2) != 0;
    choice = static_cast<std::uint8_t>(choice >> 1 | choice << 7);
    if (!later_) downs += membership::wire::kind(header) == membership::wire::Kind::process_down;
    return !later_;
  }
  void abandon(std::uint32_t from) noexcept override {
    assert(from == client);
    later_ = false;
  }

  static void check(std::span<const std::byte> header, std::span<const std::byte> payload) {
    namespace wire = membership::wire;
    if (const auto data = wire::read_data(header)) {
      assert(data->client == client);
      assert(payload.empty() ||
             (payload.data() >= memory.data() + shm::words_size &&
              payload.data() + payload.size() <= memory.data() + shm::words_size + ring_size));
      return;
    }
    assert(payload.empty());
    const auto join = wire::read_join(header);
    const auto leave = wire::read_leave(header);
    const auto down = wire::read_process_down(header);
    assert((join && join->client == client && join->pid == pid) ||
           (leave && leave->client == client) || (down && down->client == client));
  }

  bool later_ = false;
  std::array<std::byte, membership::wire::header_max> header_;
  std::size_t header_size_ = 0;
};

class Run {
 public:
  Run() { port_.open(make_channel(), {.stall_max = std::chrono::seconds(1)}, now_); }

  void step(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    switch (choice & 7) {
      case 0:
        return spoil_words(script, choice >> 3);
      case 1:
        return spoil_memory(script);
      case 2:
        return request(script, choice >> 3);
      case 3:
      case 4:
        return turn(script);
      case 5:
        return deliver(script);
      case 6:
        return wait(choice >> 3);
      case 7:
        return take_events();
    }
  }

  // Nothing that the program left behind keeps the port from ending.
  void finish() {
    port_.end(PortEnd::gone);
    order_.choice = 0;
    for (std::size_t i = 0; i < ring_size && !port_.finished(); ++i)
      port_.submit_to(order_, {}, now_);
    assert(port_.finished() && order_.downs <= 1);
    port_.release();
  }

 private:
  shm::SharedWords& words() { return *std::launder(reinterpret_cast<shm::SharedWords*>(&memory)); }
  std::span<std::byte> requests() { return std::span(memory).subspan(shm::words_size, ring_size); }

  void spoil_words(fuzz::Script& script, std::uint8_t which) {
    spoiled_ = true;
    shm::SharedWords& all = words();
    const std::array<std::atomic<std::uint64_t>*, 6> positions = {
        &all.requests.written, &all.requests.restarted, &all.requests.consumed,
        &all.events.written,   &all.events.restarted,   &all.events.consumed};
    const std::array<std::atomic<std::uint32_t>*, 4> bells = {&all.requests_bell, &all.events_bell,
                                                              &all.room_bell, &all.ended};
    if (which < 16)
      positions[which % 6]->store(which < 8 ? script.byte() * 8u : script.number<std::uint64_t>());
    else if (which < 28)
      bells[which % 4]->store(script.byte() % 4u);
    else
      waiting[which % 2] = script.byte() % 4u;
  }

  void spoil_memory(fuzz::Script& script) {
    const std::size_t at = script.number<std::uint16_t>() % ring_size;
    const auto bytes = script.bytes(script.byte());
    const auto room = requests().subspan(at);
    std::ranges::copy(bytes.first(std::min(bytes.size(), room.size())), room.begin());
  }

  // As the library writes it, or nearly.
  void request(fuzz::Script& script, std::uint8_t choice) {
    const std::string_view name = names[choice & 3];
    const std::uint32_t kind = 1 + (choice >> 2 & 3u);
    std::array<std::byte, 256> send{};
    const shm::SendRecord head{.guarantee = choice >> 4 & 3u,
                               .name_size = static_cast<std::uint32_t>(name.size())};
    std::memcpy(send.data(), &head, sizeof head);
    std::ranges::copy(std::as_bytes(std::span(name)), send.begin() + sizeof head);
    const std::array<std::span<const std::byte>, 1> parts = {
        kind == 3 ? std::span<const std::byte>(send).first(16 + script.byte() % 240u)
                  : std::as_bytes(std::span(name))};
    producer_.write(kind, parts);
    producer_.publish();
    if (words().requests_bell.exchange(shm::signalled) == shm::quiet) ++waiting[0];
  }

  void turn(fuzz::Script& script) {
    order_.choice = script.byte();
    now_ += std::chrono::microseconds(20);
    port_.submit_to(order_, {.records = 4, .bytes = 4096}, now_);
    assert(!port_.finished() || (order_.downs <= 1 && !port_.hot()));
  }

  void deliver(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    const std::string_view name = names[choice & 3];
    const membership::Process process{self, pid, client};
    const membership::Change change{process, membership::ChangeReason::join};
    const membership::GroupId group = membership::group_id(name);
    const std::array members{totem::Member{.node = self}};
    const std::span<const membership::Change> one(&change, 1), none;
    switch (choice >> 2 & 7) {
      case 0:
        return port_.view({.number = 1,
                           .ring = {},
                           .members = members,
                           .joined = {},
                           .left = {},
                           .oldest = self});
      case 1:
        return port_.transitional({.ring = {}, .previous = {}, .members = members});
      case 2:
        return port_.join_refused(process, name, "no");
      case 3:
        return port_.message({.name = name,
                              .group = group,
                              .members = {},
                              .sender = process,
                              .place = {},
                              .payload = std::span(memory).first(script.byte())});
      case 4:
        return port_.publish();
      default:
        return port_.group_change({.name = name,
                                   .group = group,
                                   .place = {},
                                   .members = {&process, 1},
                                   .joined = choice & 0x20 ? none : one,
                                   .left = choice & 0x20 ? one : none});
    }
  }

  void wait(std::uint8_t choice) {
    now_ += std::chrono::milliseconds(choice & 4 ? 300 : 0);
    switch (choice & 3) {
      case 0:
        port_.park();
        return;
      case 1:
        return port_.woken((choice & 8) != 0, now_);
      case 2:
        return port_.watch(now_);
      case 3:
        return port_.publish();
    }
  }

  void take_events() {
    for (shm::Record record; consumer_.peek(record) == shm::Look::record; consumer_.consume())
      assert(spoiled_ || (record.kind >= 1 && record.kind <= 5));
    consumer_.publish();
  }

  Time now_ = Time{} + std::chrono::hours(1);
  ClientPort port_;
  Order order_;
  bool spoiled_ = false;  // the words are not as the library leaves them
  shm::Producer producer_{words().requests, requests()};
  shm::Consumer consumer_{words().events,
                          std::span(memory).subspan(shm::words_size + ring_size, ring_size)};
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script(data, size);
  Run run;
  for (std::size_t i = 0; i < steps_max && !script.done(); ++i) run.step(script);
  run.finish();
  return 0;
}
