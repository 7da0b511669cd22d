#include "tests/sim/forger.hh"

#include <fmt/format.h>

#include <utility>

namespace gyre::sim {

namespace {

template <typename T>
void swap_field(T& field, T other, bool does) {
  if (does) field = other;
}

}  // namespace

// Each frame is kept with the same probability, however many come.
void Forger::overhear(const Flight& flight) {
  if (run_.settings.forgery_gap == Duration{}) return;
  ++heard_;
  if (kept_.size() < kept_max)
    kept_.push_back(flight);
  else if (const std::uint64_t place = dice_.below(heard_); place < kept_max)
    kept_[place] = flight;
  if (next_ == never) plan();
}

Flight Forger::forge() {
  plan();
  ++sent_;
  Flight flight = any();
  std::vector<std::byte> bytes(*flight.bytes);
  const char* how = change(flight, bytes);
  ++run_.reached[fmt::format("forged: {}", how)];
  flight.when = run_.now;
  flight.nth = 0;
  flight.bytes = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return flight;
}

const char* Forger::change(Flight& flight, std::vector<std::byte>& bytes) {
  if (const std::size_t wires = run_.network.wires(); wires > 1 && dice_.chance(0.3)) {
    flight.wire = (flight.wire + dice_.between(1, wires - 1)) % wires;
    return "the link";
  }
  switch (dice_.below(7)) {
    case 0:
      std::swap(flight.from, flight.to);
      return "reflected";
    case 1:
      bytes[dice_.below(bytes.size())] ^= std::byte(1 << dice_.below(8));
      return "a bit";
    case 2:
      bytes.resize(dice_.below(run_.settings.device.payload_max + 1));
      return "the length";
    case 3:
      flight.lane = flight.lane == Lane::data ? Lane::token : Lane::data;
      return "the lane";
    case 4:
    case 5:
      swap_header(flight, bytes);
      return "the header";
    default:
      return "nothing";
  }
}

// Some of it comes from another frame, and its length is right.
void Forger::swap_header(Flight& flight, std::vector<std::byte>& bytes) {
  const std::uint64_t cluster = run_.cluster;
  const Suite suite = run_.settings.device.suite;
  Header header, other;
  if (read_header(bytes, cluster, header, suite) != Refusal::none ||
      read_header(*any().bytes, cluster, other, suite) != Refusal::none)
    return;
  const std::uint64_t which = dice_.between(1, 15);
  swap_field(header.sender, other.sender, which & 1);
  swap_field(header.boot, other.boot, which & 2);
  swap_field(header.lane, other.lane, which & 4);
  swap_field(header.counter, other.counter + dice_.below(3), which & 8);
  flight.lane = header.lane;
  write_header(header, std::span(bytes).first<header_size>());
}

}  // namespace gyre::sim
