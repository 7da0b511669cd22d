// The library against a daemon of one node in this process, stepped by hand: the real port, rings
// and groups.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "client/gyre/gyre.hh"
#include "tests/client/single_node.hh"

namespace gyre::client {
using namespace std::chrono_literals;
using test::SingleNode;

inline std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}
inline std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Failure {
  std::optional<ErrorCode> code;
  std::string what;
};
inline Failure failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

inline bool readable(const Connection& connection) {
  pollfd ready{.fd = connection.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

class Gyre : public ::testing::Test {
 protected:
  template <typename T>
  T expect() {
    auto event = ring->poll();
    if (event && std::holds_alternative<T>(*event)) return std::get<T>(*event);
    ADD_FAILURE() << "another event, or none: " << (event ? event->index() : 99);
    return {};
  }
  // Runs a call that waits, with the daemon going on meanwhile.
  template <typename Call>
  auto served(Call call) {
    auto done = std::async(std::launch::async, call);
    while (done.wait_for(0s) != std::future_status::ready) {
      node.watch_sockets();
      if (!node.turn()) std::this_thread::yield();
    }
    return done.get();
  }
  void join(std::string_view group) {
    ring->join(group);
    node.settle();
    expect<GroupChange>();
  }
  node::ClientPort& port() { return node.ports().front(); }

  explicit Gyre(const shm::Offer& offer = {}) : node(offer) {}

  SingleNode node;
  std::unique_ptr<Connection> ring = node.connect();
  View first = expect<View>();
};

}  // namespace gyre::client
