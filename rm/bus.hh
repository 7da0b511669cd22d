// The ordered group as the resource manager sees it: one stream of views and messages, the same at
// every member. In production it is libgyre's (rm/ring_bus.hh), in tests a model of it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace gyre::rm {

// Where in the order of all: of a message its own, of a view where it begins.
struct Place {
  std::uint64_t ring = 0, seq = 0;
  std::uint32_t index = 0;

  auto operator<=>(const Place&) const = default;
};

// A process of the group. A node that comes back is another process.
struct BusMember {
  std::uint32_t node = 0;
  std::uint64_t process = 0;  // never the same again on that node
  std::uint64_t since = 0;    // less: it is older

  auto operator<=>(const BusMember&) const = default;
};

// Who is in the group from here on, and whether they may act.
struct BusView {
  Place place;
  std::vector<BusMember> members;       // by node; one of each node at most
  std::vector<std::uint32_t> together;  // nodes of members that were delivered what we were
  std::vector<std::uint32_t> nodes;     // of the ring, whether their process is in the group or not
  bool quorate = false;
  bool fencing_needed = false;  // another side could be quorate as well
};
struct BusMessage {
  Place place;
  BusMember sender;
  std::string_view payload;
};
// The view is over: what comes until the next is delivered to some of its members only.
struct BusInterrupted {};

using BusEvent = std::variant<BusView, BusMessage, BusInterrupted>;

// The longest payload of a message.
inline constexpr std::size_t bus_message_max = 1000 * 1024;

}  // namespace gyre::rm
