#include "tests/rm/control/executor.hh"

#include <algorithm>

namespace gyre::rm::model {

namespace {

constexpr std::int64_t epoch = 1'700'000'000;

bool starts(const Operation& operation) {
  return operation.task == "start" || operation.task == "migrate_from";
}

Outcome cancelled(const Operation& operation) {
  Outcome outcome;
  outcome.key = operation.key;
  outcome.status = Outcome::Status::cancelled;
  return outcome;
}

}  // namespace

Executor::Executor(Timeline& timeline, sim::Dice dice, const Troubles& troubles, Truth truth)
    : timeline_(timeline), dice_(dice), troubles_(troubles), truth_(std::move(truth)) {}

std::int64_t Executor::seconds() const {
  return epoch + static_cast<std::int64_t>(timeline_.seconds());
}

void Executor::connect(Tell tell) {
  tell_ = std::move(tell);
  for (const Outcome& each : std::vector(unacknowledged_)) tell_(each);
}

void Executor::acknowledge(const std::string& key) {
  const auto found = std::ranges::find(unacknowledged_, key, &Outcome::key);
  if (found != unacknowledged_.end()) unacknowledged_.erase(found);
}

std::set<std::string> Executor::known() const {
  std::set<std::string> keys;
  for (const auto& [name, resource] : resources_) {
    for (const Operation& each : resource.queue) keys.insert(each.key);
    for (const auto& [what, each] : resource.recurring) keys.insert(each.operation.key);
  }
  for (const Outcome& each : unacknowledged_) keys.insert(each.key);
  for (const auto& [key, target] : fencings_) keys.insert(key);
  return keys;
}

std::vector<std::string> Executor::active() const {
  std::vector<std::string> names;
  for (const auto& [name, resource] : resources_)
    if (resource.active) names.push_back(name);
  return names;
}

bool Executor::idle() const {
  return unacknowledged_.empty() && fencings_.empty() &&
         std::ranges::all_of(resources_,
                             [](const auto& each) { return each.second.queue.empty(); });
}

bool Executor::watches(const std::string& name) const {
  const auto found = resources_.find(name);
  return found != resources_.end() && !found->second.recurring.empty();
}

void Executor::let_die(const std::string& name) {
  Resource& resource = resources_[name];
  if (!resource.active || resource.busy) return;
  resource.active = resource.promoted = false;
  truth_.died(name);
}

void Executor::begin(const Operation& operation, bool allowed) {
  if (!allowed) return tell(cancelled(operation));
  if (!operation.target.empty()) return fence(operation);
  Resource& resource = resources_[operation.resource];
  if (operation.recurs()) {
    const auto what = std::pair(operation.task, operation.interval.count());
    if (const auto old = resource.recurring.find(what); old != resource.recurring.end())
      cancel(old->second.operation.key);
    Recurring& recurring = resource.recurring[{operation.task, operation.interval.count()}] = {
        operation, -1, ++lives_};
    look(operation.resource, {operation.task, operation.interval.count()}, recurring.life);
    return;
  }
  resource.queue.push_back(operation);
  next(operation.resource);
}

// A device never lies: what it says it has done, it has. What it was told may be under way in it
// when the node that told it dies, or is at an end with that.
void Executor::fence(const Operation& operation) {
  truth_.begins(operation);
  fencings_[operation.key] = operation.target;
  const bool fails = dice_.chance(troubles_.fence_fails);
  const bool late = !fails && dice_.chance(troubles_.fence_late);
  const bool hangs = !fails && !late && dice_.chance(troubles_.fence_hangs);
  const Duration takes = dice_.magnitude(Duration(100ms), Duration(5s));
  const Duration tells = late || hangs ? Duration(operation.timeout) : takes;
  const bool outlives = dice_.chance(0.5);
  if (!fails && !hangs)
    timeline_.after(late ? tells + takes : takes,
                    [alive = std::weak_ptr(alive_), operation, outlives, late, truth = truth_] {
                      if (!outlives && alive.expired()) return;
                      if (late) truth.failed(operation);
                      truth.switches(operation);
                    });
  timeline_.after(tells, [this, alive = std::weak_ptr(alive_), operation, fails,
                          well = !fails && !late && !hangs, began = seconds()] {
    if (alive.expired()) return;
    fencings_.erase(operation.key);
    Outcome outcome;
    outcome.key = operation.key;
    outcome.began = began;
    outcome.rc = well ? 0 : 1;
    if (!well && !fails) outcome.status = Outcome::Status::timed_out;
    if (!well) truth_.failed(operation);
    tell(std::move(outcome));
  });
}

// One after the other of a resource. The one at the head of the queue runs.
void Executor::next(const std::string& name) {
  Resource& resource = resources_[name];
  if (resource.busy || resource.queue.empty()) return;
  resource.busy = true;
  const Operation operation = resource.queue.front();
  truth_.begins(operation);
  if (starts(operation)) resource.active = true;
  Duration takes = dice_.magnitude(Duration(2ms), Duration(200ms));
  if (dice_.chance(troubles_.slow)) takes = dice_.between(Duration(1s), Duration(8s));
  const bool hangs = dice_.chance(troubles_.hangs);
  if (hangs) takes = operation.timeout;
  const std::int64_t began = seconds();
  timeline_.after(takes, [this, alive = std::weak_ptr(alive_), name, operation, hangs, began] {
    if (alive.expired()) return;
    Outcome outcome;
    if (hangs) {
      outcome.status = Outcome::Status::timed_out;
      outcome.rc = 1;
    } else {
      outcome = run(resources_[name], operation);
    }
    outcome.began = began;
    done(name, operation, outcome);
  });
}

Outcome Executor::run(Resource& resource, const Operation& operation) {
  Outcome outcome;
  const bool fails = dice_.chance(troubles_.fails);
  if (operation.task == "monitor") {
    outcome.rc = !resource.active ? 7 : resource.promoted ? 8 : 0;
    if (resource.active) truth_.succeeded(operation);
    return outcome;
  }
  if (fails) {
    outcome.rc = 1;
    return outcome;
  }
  if (operation.task == "stop" || operation.task == "migrate_to")
    resource.active = resource.promoted = false;
  if (operation.task == "promote") resource.promoted = true;
  if (operation.task == "demote") resource.promoted = false;
  truth_.succeeded(operation);
  return outcome;
}

void Executor::done(const std::string& name, const Operation& operation, Outcome outcome) {
  if (outcome.status != Outcome::Status::done || outcome.rc != 0) truth_.failed(operation);
  outcome.key = operation.key;
  Resource& resource = resources_[name];
  resource.queue.pop_front();
  resource.busy = false;
  tell(std::move(outcome));
  next(name);
}

// A recurring one tells what it found first, and whatever else it finds later.
void Executor::look(const std::string& name, std::pair<std::string, std::int64_t> what,
                    std::uint64_t life) {
  Resource& resource = resources_[name];
  const auto found = resource.recurring.find(what);
  if (found == resource.recurring.end() || found->second.life != life) return;
  Recurring& recurring = found->second;
  if (!resource.busy) {
    Outcome outcome = run(resource, recurring.operation);
    outcome.key = recurring.operation.key;
    outcome.began = seconds();
    if (std::exchange(recurring.last, outcome.rc) != outcome.rc) tell(outcome);
  }
  timeline_.after(recurring.operation.interval,
                  [this, alive = std::weak_ptr(alive_), name, what, life] {
                    if (!alive.expired()) look(name, what, life);
                  });
}

void Executor::cancel(const std::string& key) {
  for (auto& [name, resource] : resources_)
    for (const auto& [what, each] : resource.recurring)
      if (each.operation.key == key) {
        const Operation operation = each.operation;
        resource.recurring.erase(what);
        return tell(cancelled(operation));
      }
  Operation over;
  over.key = key;
  if (tell_) tell_(cancelled(over));
}

void Executor::tell(Outcome outcome) {
  unacknowledged_.push_back(outcome);
  if (tell_) tell_(outcome);
}

}  // namespace gyre::rm::model
