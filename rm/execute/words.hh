// What gyre-exec and its client say to each other, as JSON, one in each frame. Pure.
//
//   client                            gyre-exec
//   {"hello": VERSION}           →
//                                ←    {"standing": {"life": …, "jobs": [{"key", "state"}, …]}}
//                                ←    {"report": …} for each that is not acknowledged
//   {"run": OPERATION}           →
//   {"cancel": KEY}              →
//                                ←    {"report": {"serial": …, "outcome": …}}
//   {"acknowledge": SERIAL}      →
//                                ←    {"refused": WHY}; then the connection ends
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rm/execute/jobs.hh"
#include "rm/execute/result.hh"
#include "rm/operation.hh"

namespace gyre::rm::execute {

inline constexpr int words_version = 3;
inline constexpr std::size_t key_max = 256;
inline constexpr std::size_t words_max = std::size_t{4} << 20;  // the longest frame

struct Hello {
  int version = words_version;
};
struct Run {
  Operation operation;
};
struct Cancel {
  std::string key;
};
struct Acknowledge {
  std::uint64_t serial = 0;
};
using Request = std::variant<Hello, Run, Cancel, Acknowledge>;

// What gyre-exec knows when somebody connects.
struct Standing {
  struct Known {
    std::string key;
    Job::State state = Job::State::queued;
    std::string task;

    bool operator==(const Known&) const = default;
  };
  std::uint64_t life = 0;  // another after each start of gyre-exec
  std::vector<Known> jobs;

  bool operator==(const Standing&) const = default;
};
struct Refused {
  std::string why;
};
using Answer = std::variant<Standing, Report, Refused>;

// What was read says something else, or nothing.
class WordsError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string text_of(const Request&);
std::string text_of(const Answer&);
// Throw WordsError.
Request read_request(std::string_view text);
Answer read_answer(std::string_view text);

// For the ledger.
std::string_view name_of(Job::State) noexcept;
Job::State state_named(std::string_view name);
nlohmann::json json_of(const Report&);
Report read_report(const nlohmann::json&);

}  // namespace gyre::rm::execute
