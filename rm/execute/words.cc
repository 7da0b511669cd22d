#include "rm/execute/words.hh"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "rm/execute/whole.hh"

namespace gyre::rm::execute {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using namespace std::string_view_literals;

constexpr std::array state_names = {"delayed"sv, "queued"sv, "running"sv, "resting"sv, "over"sv};
// In ms: a century, for ever to anybody who waits; nothing overflows.
constexpr std::int64_t time_max = std::int64_t{100} * 366 * 86'400 * 1000;

json json_of(const Operation& operation) {
  json parameters = json::array();
  for (const auto& [name, value] : operation.parameters)
    parameters.push_back(json::array({name, value}));
  return {{"key", operation.key},
          {"resource", operation.resource},
          {"standard", operation.standard},
          {"provider", operation.provider},
          {"type", operation.type},
          {"task", operation.task},
          {"target", operation.target},
          {"interval", operation.interval.count()},
          {"timeout", operation.timeout.count()},
          {"delay", operation.delay.count()},
          {"parameters", std::move(parameters)}};
}

milliseconds read_time(const json& from, const char* name) {
  const auto time = whole<std::int64_t>(from.at(name));
  if (time < 0) throw WordsError(std::string(name) + " is less than nothing");
  return milliseconds(std::min(time, time_max));
}

Operation read_operation(const json& from) {
  Operation operation;
  from.at("key").get_to(operation.key);
  from.at("resource").get_to(operation.resource);
  from.at("standard").get_to(operation.standard);
  from.at("provider").get_to(operation.provider);
  from.at("type").get_to(operation.type);
  from.at("task").get_to(operation.task);
  from.at("target").get_to(operation.target);
  operation.interval = read_time(from, "interval");
  operation.timeout = read_time(from, "timeout");
  operation.delay = read_time(from, "delay");
  for (const json& each : from.at("parameters"))
    operation.parameters.emplace_back(each.at(0).get<std::string>(), each.at(1).get<std::string>());
  if (operation.key.empty() || operation.key.size() > key_max)
    throw WordsError("the key of an operation has 1 to " + std::to_string(key_max) + " bytes");
  return operation;
}

Standing read_standing(const json& from) {
  Standing standing{whole<std::uint64_t>(from.at("life")), {}};
  for (const json& each : from.at("jobs"))
    standing.jobs.push_back({each.at("key").get<std::string>(),
                             state_named(each.at("state").get<std::string>()),
                             each.at("task").get<std::string>()});
  return standing;
}

json json_of(const Standing& standing) {
  json jobs = json::array();
  for (const auto& [key, state, task] : standing.jobs)
    jobs.push_back({{"key", key}, {"state", name_of(state)}, {"task", task}});
  return {{"life", standing.life}, {"jobs", std::move(jobs)}};
}

// What an agent printed may be no UTF-8.
std::string dumped(const json& from) {
  return from.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <typename Read>
auto parsed(std::string_view text, Read read) try {
  const json all = json::parse(text);
  if (!all.is_object() || all.size() != 1) throw WordsError("not one word");
  return read(all.begin().key(), all.begin().value());
} catch (const json::parse_error& error) {
  // Its own words would tell a piece of the message, which may be a password.
  throw WordsError("not JSON, at byte " + std::to_string(error.byte));
} catch (const json::exception& error) {
  throw WordsError(error.what());
}

}  // namespace

std::string_view name_of(Job::State state) noexcept {
  return state_names[static_cast<std::size_t>(state)];
}

Job::State state_named(std::string_view name) {
  const auto* const found = std::ranges::find(state_names, name);
  if (found == state_names.end()) throw WordsError("no job is " + std::string(name));
  return static_cast<Job::State>(found - state_names.begin());
}

json json_of(const Report& report) {
  const Outcome& outcome = report.outcome;
  return {{"serial", report.serial},
          {"outcome",
           {{"key", outcome.key},
            {"status", static_cast<int>(outcome.status)},
            {"rc", outcome.rc},
            {"exit_reason", outcome.exit_reason},
            {"output", outcome.output},
            {"began", outcome.began},
            {"ran", outcome.ran.count()},
            {"queued", outcome.queued.count()}}}};
}

Report read_report(const json& from) {
  Report report{whole<std::uint64_t>(from.at("serial")), {}};
  const json& told = from.at("outcome");
  Outcome& outcome = report.outcome;
  told.at("key").get_to(outcome.key);
  outcome.status = static_cast<Outcome::Status>(whole<std::int8_t>(told.at("status")));
  outcome.rc = whole<int>(told.at("rc"));
  told.at("exit_reason").get_to(outcome.exit_reason);
  told.at("output").get_to(outcome.output);
  outcome.began = whole<std::int64_t>(told.at("began"));
  outcome.ran = read_time(told, "ran");
  outcome.queued = read_time(told, "queued");
  return report;
}

std::string text_of(const Request& request) {
  struct Words {
    json operator()(const Hello& hello) const { return {{"hello", hello.version}}; }
    json operator()(const Run& run) const { return {{"run", json_of(run.operation)}}; }
    json operator()(const Cancel& cancel) const { return {{"cancel", cancel.key}}; }
    json operator()(const Acknowledge& of) const { return {{"acknowledge", of.serial}}; }
  };
  return dumped(std::visit(Words{}, request));
}

std::string text_of(const Answer& answer) {
  struct Words {
    json operator()(const Standing& standing) const { return {{"standing", json_of(standing)}}; }
    json operator()(const Report& report) const { return {{"report", execute::json_of(report)}}; }
    json operator()(const Refused& refused) const { return {{"refused", refused.why}}; }
  };
  return dumped(std::visit(Words{}, answer));
}

Request read_request(std::string_view text) {
  return parsed(text, [](const std::string& word, const json& rest) -> Request {
    if (word == "hello") return Hello{whole<int>(rest)};
    if (word == "run") return Run{read_operation(rest)};
    if (word == "cancel") return Cancel{rest.get<std::string>()};
    if (word == "acknowledge") return Acknowledge{whole<std::uint64_t>(rest)};
    throw WordsError("\"" + word + "\" is not understood");
  });
}

Answer read_answer(std::string_view text) {
  return parsed(text, [](const std::string& word, const json& rest) -> Answer {
    if (word == "standing") return read_standing(rest);
    if (word == "report") return read_report(rest);
    if (word == "refused") return Refused{rest.get<std::string>()};
    throw WordsError("\"" + word + "\" is not understood");
  });
}

}  // namespace gyre::rm::execute
