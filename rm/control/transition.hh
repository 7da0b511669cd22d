// A plan on its way: what of it may be begun, what was, and what still waits. The plan is the
// scheduler's graph, whose actions are known by their numbers.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <pugixml.hpp>

namespace gyre::rm::control {

class Transition {
 public:
  Transition() = default;
  // Of the scheduler's own text, which is well-formed.
  explicit Transition(std::string_view graph);

  // The elements of what has nothing to wait for any more, each once, in the graph's order. What is
  // only a mark in the order (pseudo_event) is passed over and done.
  std::vector<pugi::xml_node> take_ready();
  // It went as planned. What is no action of it is none of its concern.
  void done(int action);
  // Whether it has such an action, done or not.
  bool has(std::string_view task, std::string_view node) const;
  bool finished() const noexcept { return undone_ == 0; }

 private:
  struct Todo {
    pugi::xml_node action;
    std::size_t waits_for = 0;
    std::vector<std::size_t> followers;
    bool done = false;
  };

  void let_leave_last();
  void let_promote_once_looked();
  void wait(std::size_t then, std::size_t first);

  pugi::xml_document graph_;
  std::vector<Todo> todo_;
  std::unordered_map<int, std::size_t> by_action_;
  std::vector<std::size_t> ready_;
  std::size_t undone_ = 0;
};

}  // namespace gyre::rm::control
