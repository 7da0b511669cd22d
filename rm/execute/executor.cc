#include "rm/execute/executor.hh"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <variant>

#include "rm/execute/fence_device.hh"
#include "rm/execute/lines.hh"

namespace gyre::rm::execute {
namespace {

constexpr auto death_of_lost = std::chrono::seconds(5);
// Of one whose agent's pid is not known: it stands in the agent's environment.
constexpr auto mark = "GYRE_EXEC_ID=";

// Nanoseconds since the machine's start: above all that was numbered from an earlier one.
std::uint64_t first_number() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

Now now() {
  return {std::chrono::steady_clock::now(), std::time(nullptr)};
}

Report not_kept(const std::string& key, Outcome::Status status, int rc, const char* why) {
  Report report;
  report.outcome.key = key;
  report.outcome.status = status;
  report.outcome.rc = rc;
  report.outcome.exit_reason = why;
  return report;
}

local::Server::Settings server_settings(const std::string& path, const std::string& group) {
  local::Server::Settings settings;
  settings.path = path;
  settings.group = group;
  settings.limits.frame_max = words_max;
  settings.connections_max = 1;  // the next waits
  return settings;
}

}  // namespace

Executor::Executor(local::Loop& loop, Settings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      life_(first_number()),
      ledger_(settings_.surroundings.run_dir + "/exec"),
      jobs_(settings_.limits, life_),
      agents_(loop_,
              [this](Id id, Result result) {
                ended(id, std::move(result));
                settle();
              }),
      deadline_(loop_.timer([this] {
        jobs_.expire(now());
        settle();
      })) {
  recover();
  server_ = std::make_unique<local::Server>(
      loop_, server_settings(settings_.surroundings.run_dir + "/exec.sock", settings_.group),
      local::Server::Events{
          [](local::Connection& client) {
            spdlog::info("process {} of uid {} has connected", client.peer().pid,
                         client.peer().uid);
          },
          [this](local::Connection& client, std::string_view text) { hear(client, text); },
          [this](local::Connection& client, const std::string& why) {
            spdlog::info("process {} is not connected any more: {}", client.peer().pid, why);
            client_ = nullptr;
          },
          [](const std::string& what) { spdlog::warn("{}", what); }});
}

void Executor::recover() {
  auto left = ledger_.read([](const std::string& what) { spdlog::error("{}", one_line(what)); });
  std::vector<Process> lost;
  for (const Ledger::Entry& each : left) {
    if (each.job.state != Job::State::running) continue;
    const Process process =
        each.process ? each.process : eldest_with(mark + std::to_string(each.id));
    if (process) lost.push_back(process);
  }
  if (!lost.empty()) spdlog::warn("killing what an earlier gyre-exec left: {} agents", lost.size());
  if (const std::size_t alive = kill_groups(lost, death_of_lost))
    spdlog::error("{} of these do not die", alive);
  for (Ledger::Entry& each : left) jobs_.restore(each.id, std::move(each.job), now());
  settle();
}

void Executor::hear(local::Connection& client, std::string_view text) try {
  obey(client, read_request(text));
  settle();
} catch (const WordsError& error) {
  refuse(client, error.what());
}

void Executor::refuse(local::Connection& client, const std::string& why) {
  client.send(text_of(Refused{why}));
  client.finish("it was refused: " + one_line(why));
}

void Executor::obey(local::Connection& client, const Request& request) {
  if (const Hello* hello = std::get_if<Hello>(&request)) return greet(client, *hello);
  if (client_ != &client) return refuse(client, "who does not say hello first is not heard");
  if (const Run* run = std::get_if<Run>(&request)) {
    Operation operation = run->operation;
    if (!operation.target.empty()) operation.delay += delay_of(operation, chance_());
    if (!jobs_.run(operation, now()))
      report(not_kept(operation.key, Outcome::Status::error, ocf_failed,
                      "gyre-exec has too many operations already"));
  } else if (const Cancel* cancel = std::get_if<Cancel>(&request)) {
    if (!jobs_.cancel(cancel->key, now()))
      report(not_kept(cancel->key, Outcome::Status::cancelled, ocf_unknown, "it is over"));
  } else {
    jobs_.acknowledge(std::get<Acknowledge>(request).serial);
  }
}

void Executor::greet(local::Connection& client, const Hello& hello) {
  if (hello.version != words_version)
    return refuse(client, "gyre-exec is of another version: start the cluster anew on this node");
  client_ = &client;
  Standing standing{life_, {}};
  std::vector<const Report*> reports;
  for (const auto& [id, job] : jobs_.all()) {
    standing.jobs.push_back({job.operation.key, job.state, job.operation.task});
    for (const Report& each : job.reports) reports.push_back(&each);
  }
  client.send(text_of(standing));
  std::ranges::sort(reports, {}, &Report::serial);
  for (const Report* each : reports) report(*each);
}

void Executor::settle() {
  while (const auto step = jobs_.next()) take(*step);
  if (winding_down_ && jobs_.running() == 0) return loop_.end();
  const auto due = jobs_.deadline();
  if (!due) return deadline_.enable(false);
  deadline_.in(std::max(std::chrono::ceil<local::Duration>(*due - now().time), local::Duration(0)));
}

void Executor::take(const Step& step) {
  if (step.what == Step::What::forget) {
    fencings_.erase(step.id);
    return ledger_.forget(step.id);
  }
  if (step.what == Step::What::kill) return agents_.kill(step.id);
  const Job* job = jobs_.find(step.id);
  if (step.what == Step::What::abandon) {
    if (job) log_undying(*job, agents_.process(step.id));
    return agents_.abandon(step.id);
  }
  if (!job) return;
  if (step.what == Step::What::begin) return begin(step.id, *job);
  if (step.what == Step::What::keep) return keep(step.id, *job);
  const auto found = std::ranges::find(job->reports, step.serial, &Report::serial);
  if (found == job->reports.end()) return;
  log_outcome(*job, found->outcome);
  report(*found);
}

void Executor::ended(Id id, Result result) {
  if (const Job* job = jobs_.find(id)) {
    const Operation& operation = job->operation;
    const bool of_device = operation.standard == fence_class;
    if (of_device) result = fence_result_of(operation, std::move(result));
    log_complaints(*job, result.complaints);
    if (of_device && operation.target.empty() && operation.task == "start" && result.rc == ocf_ok &&
        !job->timed_out)
      devices_.insert(operation.resource);
    if (!operation.target.empty() && goes_on(id, *job, result)) return begin(id, *job);
  }
  jobs_.ended(id, std::move(result), now());
}

// True: with what its agent has said of itself, or with the next step. What goes wrong on the way
// back on is no failure, after all tries: the node was off.
bool Executor::goes_on(Id id, const Job& job, Result& result) {
  const auto found = fencings_.find(id);
  if (found == fencings_.end()) return false;
  Fencing& fencing = found->second;
  const bool fine = result.status == Outcome::Status::done && result.rc == ocf_ok;
  const bool may = !job.timed_out && !winding_down_;
  if (std::exchange(fencing.asking, false)) {
    fence_agents_.insert_or_assign(job.operation.type, fence_agent_of(fine ? result.output : ""));
    if (!may) result = result_of(Outcome::Status::error, ocf_failed, "nothing is begun any more");
    return may;
  }
  if (fine && fencing.steps.size() > 1 && may) {
    fencing.steps.erase(fencing.steps.begin());
    return true;
  }
  const bool was_off = job.operation.task == "reboot" && fencing.steps.front().task == "on";
  if (!fine && was_off && job.tries_left <= 1)
    result = result_of(Outcome::Status::done, ocf_ok,
                       "it was off, but not on again: " + result.exit_reason);
  return false;
}

Operation Executor::asked_of(Id id, const Operation& operation) {
  if (operation.standard != fence_class || operation.target.empty()) return operation;
  Fencing& fencing = fencings_[id];
  const auto agent = fence_agents_.find(operation.type);
  fencing.asking = agent == fence_agents_.end() && fencing.steps.empty();
  if (fencing.asking) return question_of(operation);
  if (fencing.steps.empty()) fencing.steps = steps_of(operation, agent->second);
  return fencing.steps.front();
}

std::variant<Command, Result> Executor::command_for(const Operation& operation) {
  if (operation.standard != fence_class) return command_of(operation, settings_.surroundings);
  const bool started = devices_.contains(operation.resource);
  if (operation.target.empty() && (operation.task == "start" || operation.task == "stop")) {
    devices_.erase(operation.resource);
    fence_agents_.erase(operation.type);  // it may be another by now
  }
  return fence_command_of(operation, settings_.surroundings, started);
}

void Executor::begin(Id id, const Job& job) {
  const Operation asked = asked_of(id, job.operation);
  auto command = command_for(asked);
  if (Result* refused = std::get_if<Result>(&command))
    return jobs_.ended(id, std::move(*refused), now());
  Command& agent = std::get<Command>(command);
  agent.environment.push_back(mark + std::to_string(id));
  keep(id, job);  // before it begins, or an end of this process now would leave it unknown
  if (auto failed = agents_.begin(id, agent, output_max_of(asked)))
    return jobs_.ended(id, std::move(*failed), now());
  log_begin(job, agents_.process(id));
  keep(id, job);
}

void Executor::keep(Id id, const Job& job) {
  const auto trouble = ledger_.keep(id, job, agents_.process(id));
  // Agents run all the same: a stop that is not run does more harm than one that may be lost.
  if (trouble && !ledger_fails_) spdlog::error("the ledger cannot be kept: {}", *trouble);
  ledger_fails_ = trouble.has_value();
}

void Executor::report(const Report& of) {
  if (client_) client_->send(text_of(of));
}

void Executor::wind_down() {
  winding_down_ = true;
  jobs_.wind_down();
  settle();
}

}  // namespace gyre::rm::execute
