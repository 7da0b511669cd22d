#include "rm/execute/client.hh"

#include <chrono>
#include <string_view>
#include <utility>

#include "rm/local/address.hh"
#include "rm/local/error.hh"

namespace gyre::rm::execute {
namespace {

constexpr std::string_view socket_name = "exec.sock";
constexpr const char* description_key = "meta-data:";
constexpr auto description_timeout = std::chrono::seconds(30);

local::Limits limits() {
  local::Limits wanted;
  wanted.frame_max = words_max;
  return wanted;
}

}  // namespace

Client::Client(local::Loop& loop, const std::string& run_dir, Events events)
    : loop_(loop),
      path_(run_dir + "/" + std::string(socket_name)),
      events_(std::move(events)),
      appears_(loop.appears(run_dir.c_str(),
                            [this](const char* name) {
                              if (name != socket_name) return;
                              another_ = true;
                              if (!connection_) connect();
                            })),
      next_(
          static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())),
      refusing_(loop.later([this] {
        for (const Report& each : std::exchange(refused_, {})) take(each);
      })) {
  connect();
}

void Client::connect() try {
  another_ = false;
  local::Descriptor socket = local::stream_socket(false);
  local::connect_to(socket, path_);
  connection_ = std::make_unique<local::Connection>(loop_, std::move(socket), limits());
  connection_->tell({[this](std::string_view text) { hear(text); },
                     [this](const std::string& why) { closed(why); }});
  connection_->send(text_of(Hello{}));
} catch (const local::LocalError& error) {
  events_.trouble(error.what());
}

// Who did not let us speak will not do so now either; then another one is waited for.
void Client::closed(const std::string& why) {
  connection_.reset();
  const bool again = std::exchange(standing_, false) || another_;
  events_.trouble("gyre-exec: " + why);
  if (again) connect();
}

void Client::give_up(const std::string& why) {
  standing_ = false;
  connection_->close(why);
}

void Client::hear(std::string_view text) try {
  const Answer answer = read_answer(text);
  if (const Standing* standing = std::get_if<Standing>(&answer)) return stand(*standing);
  if (const Report* report = std::get_if<Report>(&answer)) return take(*report);
  give_up(std::get<Refused>(answer).why);
} catch (const WordsError& error) {
  give_up(error.what());
}

void Client::stand(const Standing& standing) {
  standing_ = true;
  events_.connected(standing);
  std::unordered_set<std::string_view> known;
  for (const Standing::Known& each : standing.jobs) known.insert(each.key);
  for (const auto& [place, operation] : asked_)
    if (!known.contains(operation.key)) send(Run{operation});
  for (const std::string& key : cancelled_) send(Cancel{key});
}

void Client::forget() {
  asked_.clear();
  places_.clear();
  cancelled_.clear();
}

void Client::take(const Report& report) {
  const Outcome& outcome = report.outcome;
  const auto place = places_.find(outcome.key);
  const bool asked = place != places_.end();
  const bool goes_on = asked && asked_.at(place->second).recurs() &&
                       outcome.status != Outcome::Status::cancelled && report.serial != 0;
  if (!goes_on) {
    cancelled_.erase(outcome.key);
    if (asked) {
      asked_.erase(place->second);
      places_.erase(place);
    }
  }
  if (!outcome.key.starts_with(description_key)) return events_.outcome(report);
  acknowledge(report.serial);
  const auto description = descriptions_.find(outcome.key);
  if (description == descriptions_.end()) return;  // an earlier gyre-rm's
  const Described described = std::move(description->second);
  descriptions_.erase(description);
  described(outcome);
}

// Later, as any outcome: who asks is not ready for it yet.
void Client::refuse(const std::string& key, const char* why) {
  Report& report = refused_.emplace_back();
  report.outcome.key = key;
  report.outcome.status = Outcome::Status::error;
  report.outcome.rc = ocf_failed;
  report.outcome.exit_reason = why;
  refusing_.enable(true);
}

void Client::run(const Operation& operation) {
  if (operation.key.empty() || operation.key.size() > key_max)
    return refuse(operation.key, "its key is empty or too long");
  if (text_of(Run{operation}).size() > words_max)
    return refuse(operation.key, "its parameters are too long for any agent");
  if (places_.emplace(operation.key, next_).second) asked_.emplace(next_++, operation);
  send(Run{operation});
}

void Client::cancel(const std::string& key) {
  cancelled_.insert(key);
  send(Cancel{key});
}

void Client::acknowledge(std::uint64_t serial) {
  if (serial != 0) send(Acknowledge{serial});
}

void Client::describe(const std::string& standard, const std::string& provider,
                      const std::string& type, Described described) {
  Operation operation;
  operation.key = description_key + std::to_string(next_++);
  operation.standard = standard;
  operation.provider = provider;
  operation.type = type;
  operation.task = "meta-data";
  operation.timeout = description_timeout;
  descriptions_.emplace(operation.key, std::move(described));
  run(operation);
}

void Client::send(const Request& request) {
  if (standing_) connection_->send(text_of(request));
}

}  // namespace gyre::rm::execute
