#include "rm/execute/jobs.hh"

#include <algorithm>
#include <cstring>

#include "rm/execute/fence_device.hh"

namespace gyre::rm::execute {
namespace {

using std::chrono::milliseconds;
using State = Job::State;
using Status = Outcome::Status;

milliseconds between(Time from, Time to) {
  return std::chrono::duration_cast<milliseconds>(to - from);
}

std::string seconds(milliseconds time) {
  std::string text = std::to_string(time.count() / 1000);
  if (const auto rest = time.count() % 1000) text += "." + std::to_string(1000 + rest).substr(1);
  return text + " s";
}

Result cancelled(std::string why) {
  return result_of(Status::cancelled, ocf_unknown, std::move(why));
}

}  // namespace

bool Jobs::run(const Operation& operation, Now now) {
  if (const auto known = by_key_.find(operation.key); known != by_key_.end()) {
    for (const Report& each : jobs_.at(known->second).reports)
      step(Step::What::report, known->second, each.serial);
    return true;
  }
  if (jobs_.size() >= limits_.jobs_max) return false;
  const Id id = next_++;
  by_key_.emplace(operation.key, id);
  Job& job = jobs_[id];
  job.operation = operation;
  if (operation.delay > milliseconds(0)) {
    job.state = State::delayed;
    set_due(id, job, now.time + operation.delay);
  } else {
    enqueue(id, job, now);
  }
  step(Step::What::keep, id);
  begin_what_may(now);
  return true;
}

void Jobs::enqueue(Id id, Job& job, Now now) {
  job.state = State::queued;
  job.since = now.time;
  set_due(id, job, std::nullopt);
  if (job.operation.resource.empty()) return to_ready(id);
  auto& line = lines_[job.operation.resource];
  line.push_back(id);
  if (line.size() == 1) to_ready(id);
}

void Jobs::to_ready(Id id) {
  auto& ready = jobs_.at(id).operation.recurs() ? ready_recurring_ : ready_once_;
  ready.emplace(next_, id);
  places_[id] = next_++;
}

void Jobs::begin_what_may(Now now) {
  const std::size_t recurring_max = std::max<std::size_t>(1, limits_.running_max / 2);
  while (!winding_down_ && running() < limits_.running_max) {
    if (!ready_once_.empty())
      begin(ready_once_.begin()->second, now);
    else if (!ready_recurring_.empty() && running_recurring_ < recurring_max)
      begin(ready_recurring_.begin()->second, now);
    else
      break;
  }
}

void Jobs::begin(Id id, Now now) {
  Job& job = jobs_.at(id);
  const bool recurs = job.operation.recurs();
  (recurs ? ready_recurring_ : ready_once_).erase(places_.at(id));
  places_.erase(id);
  ++(recurs ? running_recurring_ : running_once_);
  job.state = State::running;
  job.queued = between(job.since, now.time);
  job.since = now.time;
  job.began = now.calendar;
  job.timed_out = false;
  job.tries_left = tries_of(job.operation);
  if (job.operation.timeout > milliseconds(0)) set_due(id, job, now.time + job.operation.timeout);
  step(Step::What::begin, id);
}

// It has run, or shall not; the next of its resource comes to the front.
void Jobs::leave_line(Id id, const Job& job) {
  if (const auto place = places_.find(id); place != places_.end()) {
    (job.operation.recurs() ? ready_recurring_ : ready_once_).erase(place->second);
    places_.erase(place);
  }
  const auto line = lines_.find(job.operation.resource);
  if (line == lines_.end()) return;
  const bool was_first = line->second.front() == id;
  std::erase(line->second, id);
  if (line->second.empty())
    lines_.erase(line);
  else if (was_first)
    to_ready(line->second.front());
}

bool Jobs::may_succeed_yet(Job& job, const Result& result) const {
  return --job.tries_left > 0 && result.rc == ocf_failed && !job.timed_out && !job.cancelled &&
         !winding_down_;
}

void Jobs::ended(Id id, Result result, Now now) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second.state != State::running) return;
  Job& job = found->second;
  if (may_succeed_yet(job, result)) return step(Step::What::begin, id);
  const milliseconds ran = between(job.since, now.time);
  --(job.operation.recurs() ? running_recurring_ : running_once_);
  leave_line(id, job);
  if (result.signal != 0 && !job.timed_out && result.exit_reason.empty())
    result.exit_reason = std::string("ended by a signal: ") + ::strsignal(result.signal);
  if (job.timed_out) {
    result.status = Status::timed_out;
    result.rc = ocf_failed;
    const std::string said = result.exit_reason.empty() ? "" : "; it said: " + result.exit_reason;
    result.exit_reason = "not done within " + seconds(job.operation.timeout) + said;
  }
  if (job.cancelled) {
    finish(id, job, cancelled("cancelled while it ran"), ran);
  } else if (!job.operation.recurs()) {
    finish(id, job, std::move(result), ran);
  } else {
    job.state = State::resting;
    set_due(id, job, now.time + job.operation.interval);
    const std::pair same{result.status, result.rc};
    if (std::exchange(job.last, same) != same)
      report(id, job, std::move(result), ran);
    else
      step(Step::What::keep, id);
  }
  begin_what_may(now);
}

void Jobs::finish(Id id, Job& job, Result result, milliseconds ran) {
  job.state = State::over;
  set_due(id, job, std::nullopt);
  report(id, job, std::move(result), ran);
}

void Jobs::report(Id id, Job& job, Result result, milliseconds ran) {
  Outcome outcome{job.operation.key,        result.status, result.rc, std::move(result.exit_reason),
                  std::move(result.output), job.began,     ran,       job.queued};
  if (job.reports.size() >= limits_.reports_max) {
    by_serial_.erase(job.reports.back().serial);
    job.reports.pop_back();
  }
  by_serial_.emplace(next_, id);
  job.reports.push_back({next_, std::move(outcome)});
  step(Step::What::keep, id);
  step(Step::What::report, id, next_++);
}

bool Jobs::cancel(const std::string& key, Now now) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return false;
  Job& job = jobs_.at(known->second);
  if (job.state == State::over || job.cancelled) return true;
  if (job.state != State::running) {
    leave_line(known->second, job);
    finish(known->second, job, cancelled("cancelled before it ran"), milliseconds(0));
    begin_what_may(now);
  } else if (job.operation.recurs()) {
    job.cancelled = true;
    if (!job.timed_out) kill(known->second, job, now);
  }
  return true;
}

void Jobs::kill(Id id, Job& job, Now now) {
  set_due(id, job, now.time + limits_.death_max);
  step(Step::What::kill, id);
}

void Jobs::acknowledge(std::uint64_t serial) {
  const auto known = by_serial_.find(serial);
  if (known == by_serial_.end()) return;
  const Id id = known->second;
  by_serial_.erase(known);
  const auto job = jobs_.find(id);
  std::erase_if(job->second.reports, [&](const Report& of) { return of.serial == serial; });
  if (job->second.state == State::over && job->second.reports.empty()) {
    by_key_.erase(job->second.operation.key);
    jobs_.erase(job);
    step(Step::What::forget, id);
  } else {
    step(Step::What::keep, id);
  }
}

void Jobs::expire(Now now) {
  while (!dues_.empty() && dues_.begin()->first <= now.time) {
    const Id id = dues_.begin()->second;
    Job& job = jobs_.at(id);
    if (job.state != State::running) {
      enqueue(id, job, now);
    } else if (!job.timed_out && !job.cancelled) {
      job.timed_out = true;
      kill(id, job, now);
    } else {
      step(Step::What::abandon, id);
      ended(id, result_of(Status::error, ocf_failed, "it did not even die when it was killed"),
            now);
    }
  }
  begin_what_may(now);
}

void Jobs::restore(Id id, Job job, Now now) {
  const auto [place, added] = jobs_.emplace(id, std::move(job));
  Job& kept = place->second;
  if (!added || !by_key_.emplace(kept.operation.key, id).second) return;
  for (const Report& each : kept.reports) by_serial_.emplace(each.serial, id);
  if (kept.state == State::over) return;
  const bool ran = std::exchange(kept.state, State::over) == State::running;
  kept.began = ran ? kept.began : now.calendar;
  if (kept.operation.recurs())
    report(id, kept, cancelled("gyre-exec was started anew"), milliseconds(0));
  else if (!ran)
    report(id, kept, cancelled("gyre-exec was started anew before it ran"), milliseconds(0));
  else
    report(id, kept,
           result_of(Status::error, ocf_failed, "lost: gyre-exec was started anew while it ran"),
           milliseconds(0));
}

void Jobs::wind_down() {
  winding_down_ = true;
}

void Jobs::set_due(Id id, Job& job, std::optional<Time> due) {
  if (job.due) dues_.erase({*job.due, id});
  job.due = due;
  if (due) dues_.emplace(*due, id);
}

std::optional<Time> Jobs::deadline() const {
  return dues_.empty() ? std::nullopt : std::optional(dues_.begin()->first);
}

const Job* Jobs::find(Id id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

std::optional<Step> Jobs::next() {
  if (steps_.empty()) return std::nullopt;
  const Step first = steps_.front();
  steps_.pop_front();
  return first;
}

}  // namespace gyre::rm::execute
