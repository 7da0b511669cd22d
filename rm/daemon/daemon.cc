#include "rm/daemon/daemon.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <ctime>
#include <fstream>

#include "rm/cib/iso8601.hh"
#include "rm/control/planning.hh"
#include "rm/control/property.hh"
#include "rm/daemon/privileges.hh"

namespace gyre::rm::daemon {

namespace {

constexpr const char* group = "gyre/rm";

// How long nothing may happen before it is looked whether time alone has changed something.
std::chrono::milliseconds recheck_interval(pugi::xml_node cib) {
  const auto ms = parse_interval_ms(control::property(cib, "cluster-recheck-interval"));
  return ms && *ms > 0 ? std::chrono::milliseconds(*ms) : std::chrono::minutes(15);
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

client::Options options_of(const Settings& settings) {
  client::Options options;
  options.run_dir = settings.run_directory;
  return options;
}

}  // namespace

Daemon::Daemon(Settings settings)
    : settings_(std::move(settings)),
      store_(settings_.state_directory),
      connection_(options_of(settings_)) {
  terminate_ = loop_.signal(SIGTERM, [this] { stop(); });
  interrupt_ = loop_.signal(SIGINT, [this] { stop(); });
  planner_.emplace(loop_);
  disk_.emplace(loop_);
  recheck_ = loop_.timer([this] {
    control_->look_again();
    recheck_.in(recheck_interval(control_->cib()));
    take_output();
  });
  patience_ = loop_.timer([this] {
    control_->expire(now());
    take_output();
  });
  executor_.emplace(loop_, settings_.run_directory,
                    execute::Client::Events{
                        .connected = [this](const execute::Standing& standing) { stand(standing); },
                        .outcome = [this](const execute::Report& report) { take(report); },
                        .trouble = [](const std::string& why) { spdlog::warn("{}", why); }});
}

// What an earlier life of the executor ran is gone: then all of it is looked at anew, as by another
// node.
void Daemon::stand(const execute::Standing& standing) {
  const std::string executor = fmt::format("{}-{}", boot_id(), standing.life);
  if (executor_life_.empty()) {
    executor_life_ = executor;
    begin(standing);
  } else if (executor != executor_life_) {
    executor_->forget();
    end(1, "gyre-exec was begun anew; what it ran has to be looked at");
  }
}

void Daemon::take(const execute::Report& report) {
  if (report.serial != 0) unacknowledged_[report.outcome.key].push_back(report.serial);
  control_->finished(report.outcome);
  take_output();
}

int Daemon::run() {
  loop_.run();
  return status_;
}

void Daemon::begin(const execute::Standing& standing) {
  std::set<std::string> known, moving;
  for (const auto& [key, state, task] : standing.jobs) {
    known.insert(key);
    if (task == "migrate_to" && state != execute::Job::State::over) moving.insert(key);
  }
  auto stored = store_.read();
  control_.emplace(control::Settings{connection_.node(), settings_.node_name, "gyre-" GYRE_VERSION,
                                     executor_life_, std::move(known), std::move(moving)},
                   stored ? std::move(stored->document) : control::default_document(),
                   stored ? stored->lineage : "");
  port_.emplace(
      loop_,
      CommandPort::Settings{settings_.run_directory + "/rm.sock", settings_.socket_group,
                            settings_.node_name},
      *control_, [this] { take_output(); },
      [](const std::string& what) { spdlog::warn("{}", what); });
  for (const std::string& path : store_.aside()) port_->set_aside(path);
  recheck_.in(recheck_interval(control_->cib()));
  if (!settings_.user.empty() && !become(settings_.user, settings_.state_directory))
    spdlog::warn("there is no user {}, or this is not root: gyre-rm stays who it is",
                 settings_.user);
  bus_.emplace(loop_, std::move(connection_), group,
               RingBus::Events{.event =
                                   [this](const BusEvent& event) {
                                     control_->handle(event, now());
                                     take_output();
                                   },
                               .broken = [this](const std::string& why) { end(1, why); }});
}

void Daemon::take_output() {
  auto output = control_->take_output();
  for (std::string& each : output.sends) bus_->send(std::move(each));
  for (const std::string& key : output.cancels) executor_->cancel(key);
  for (const auto& each : output.begun) begin(each);
  for (const std::string& key : output.acknowledged) acknowledge(key);
  for (auto& each : output.writes) write(std::move(each));
  for (const std::string& each : output.notices) spdlog::warn("{}", each);
  if (output.plan_wanted) plan();
  if (const auto until = control_->deadline()) patience_.in(std::chrono::seconds(*until - now()));
  for (const auto& each : output.answers) port_->answer(each);
  port_->tell_watchers();
  if (!output.fatal.empty()) return end(1, output.fatal);
  if (output.leave) end(0, "this node has left the cluster");
}

void Daemon::begin(const control::Output::Begun& begun) {
  if (!begun.needs_quorum || bus_->quorate()) return executor_->run(begun.operation);
  spdlog::warn("{} of {} is not begun: this node may no longer act", begun.operation.task,
               begun.operation.resource);
  Outcome outcome;
  outcome.key = begun.operation.key;
  outcome.status = Outcome::Status::cancelled;
  control_->finished(outcome);
  take_output();
}

void Daemon::acknowledge(const std::string& key) {
  const auto found = unacknowledged_.find(key);
  if (found == unacknowledged_.end()) return;
  executor_->acknowledge(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) unacknowledged_.erase(found);
}

void Daemon::plan() {
  auto copy = std::make_shared<pugi::xml_document>();
  copy->append_copy(control_->cib());
  planner_->run([this, copy, at = now()]() -> Worker::Finish {
    std::string graph = control::make_plan(copy->document_element(), at);
    return [this, graph = std::move(graph)] {
      control_->planned(graph, now());
      take_output();
    };
  });
}

void Daemon::write(control::Output::Write wanted) {
  disk_->run([this, wanted = std::move(wanted)]() -> Worker::Finish {
    try {
      if (wanted.lost) {
        const std::string path = store_.set_aside(wanted.configuration, wanted.lineage);
        return [this, path] {
          spdlog::warn("the configuration of this side is in {}", path);
          port_->set_aside(path);
        };
      }
      store_.write(wanted.configuration, wanted.lineage);
      return [this, lineage = wanted.lineage, version = wanted.version] {
        control_->kept(lineage, version);
        take_output();
      };
    } catch (const std::exception& error) {
      return [what = std::string(error.what())] { spdlog::error("{}", what); };
    }
  });
}

// The first time gently: what runs here goes elsewhere before this node leaves.
void Daemon::stop() {
  if (stopping_ || !control_ || !control_->settled()) return end(0, "told to end");
  stopping_ = true;
  control_->ask(AttributeChange{settings_.node_name, "shutdown", std::to_string(now())});
  take_output();
}

void Daemon::end(int status, const std::string& why) {
  if (status == 0)
    spdlog::info("{}", why);
  else
    spdlog::error("{}", why);
  status_ = status;
  loop_.end();
}

std::int64_t Daemon::now() const {
  return std::time(nullptr);
}

}  // namespace gyre::rm::daemon
