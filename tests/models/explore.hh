// Every state that a model can get into, by all its steps.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace gyre::model {

struct Explored {
  std::size_t states = 0, steps = 0;
  std::size_t stuck = 0;  // states from which no goal can be reached any more
};

// `next(state, visit)` calls visit(successor) for every step that is possible, `is_goal(state)`
// says where all has come to a good end. A State is bytes without holes.
template <typename State, typename Next, typename IsGoal>
Explored explore(const State& first, Next next, IsGoal is_goal) {
  static_assert(std::has_unique_object_representations_v<State>);
  struct Hash {
    std::size_t operator()(const State& state) const {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&state), sizeof(State)});
    }
  };
  struct Equal {
    bool operator()(const State& a, const State& b) const {
      return std::memcmp(&a, &b, sizeof(State)) == 0;
    }
  };
  std::unordered_map<State, std::uint32_t, Hash, Equal> known{{first, 0}};
  std::vector<const State*> states{&known.begin()->first};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> steps;  // to, from
  for (std::uint32_t from = 0; from < states.size(); ++from)
    next(*states[from], [&](const State& state) {
      const auto [to, fresh] = known.try_emplace(state, states.size());
      if (fresh) states.push_back(&to->first);
      steps.emplace_back(to->second, from);
    });

  // Backwards from the goals.
  std::vector<std::size_t> begin(states.size() + 1);
  for (const auto& [to, from] : steps) ++begin[to + 1];
  for (std::size_t i = 0; i < states.size(); ++i) begin[i + 1] += begin[i];
  std::vector<std::uint32_t> before(steps.size());
  auto place = begin;
  for (const auto& [to, from] : steps) before[place[to]++] = from;
  std::vector<bool> good(states.size());
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < states.size(); ++i)
    if (is_goal(*states[i])) good[i] = true, open.push_back(i);
  std::size_t stuck = states.size() - open.size();
  while (!open.empty()) {
    const std::uint32_t to = open.back();
    open.pop_back();
    for (std::size_t i = begin[to]; i < begin[to + 1]; ++i) {
      if (good[before[i]]) continue;
      good[before[i]] = true;
      --stuck;
      open.push_back(before[i]);
    }
  }
  return {states.size(), steps.size(), stuck};
}

}  // namespace gyre::model
