#include "tests/rm/control/executor.hh"

#include <algorithm>

namespace gyre::rm::model {

namespace {

constexpr std::int64_t epoch = 1'700'000'000;

constexpr int ok = 0, failed = 1, not_running = 7, promoted = 8;

Outcome cancelled(const std::string& key) {
  Outcome outcome;
  outcome.key = key;
  outcome.status = Outcome::Status::cancelled;
  return outcome;
}

Outcome lost(const std::string& key) {
  Outcome outcome;
  outcome.key = key;
  outcome.status = Outcome::Status::error;
  outcome.rc = failed;
  return outcome;
}

std::string target_of(const Operation& operation) {
  const auto is_it = [](const auto& each) { return each.first == "CRM_meta_migrate_target"; };
  const auto found = std::ranges::find_if(operation.parameters, is_it);
  return found == operation.parameters.end() ? "" : found->second;
}

}  // namespace

Executor::Executor(Timeline& timeline, sim::Dice dice, const Troubles& troubles, Truth truth)
    : timeline_(timeline),
      dice_(dice),
      troubles_(troubles),
      truth_(std::move(truth)),
      score_(dice_.between(1, 10)) {}

std::int64_t Executor::seconds() const {
  return epoch + static_cast<std::int64_t>(timeline_.seconds());
}

void Executor::connect(Tell tell) {
  tell_ = std::move(tell);
  for (const Outcome& each : std::vector(unacknowledged_)) tell_(each);
}

void Executor::acknowledge(const std::string& key) {
  if (!up_) return;
  const auto found = std::ranges::find(unacknowledged_, key, &Outcome::key);
  if (found != unacknowledged_.end()) unacknowledged_.erase(found);
}

std::set<std::string> Executor::known() const {
  std::set<std::string> keys;
  for (const auto& [name, resource] : resources_) {
    for (const Operation& each : resource.queue) keys.insert(each.key);
    for (const auto& [key, each] : resource.recurring) keys.insert(key);
  }
  for (const Outcome& each : unacknowledged_) keys.insert(each.key);
  for (const auto& [key, target] : fencings_) keys.insert(key);
  return keys;
}

std::set<std::string> Executor::moving() const {
  std::set<std::string> keys;
  for (const auto& [name, resource] : resources_)
    for (const Operation& each : resource.queue)
      if (each.task == "migrate_to") keys.insert(each.key);
  return keys;
}

std::vector<std::string> Executor::active() const {
  std::vector<std::string> names;
  for (const auto& [name, resource] : resources_)
    if (resource.active) names.push_back(name);
  return names;
}

bool Executor::is_promoted(const std::string& name) const {
  const auto found = resources_.find(name);
  return found != resources_.end() && found->second.promoted;
}

bool Executor::idle() const {
  return up_ && unacknowledged_.empty() && fencings_.empty() &&
         std::ranges::all_of(resources_,
                             [](const auto& each) { return each.second.queue.empty(); });
}

void Executor::let_die(const std::string& name) {
  Resource& resource = resources_[name];
  if (!resource.active || resource.busy) return;
  resource.active = resource.promoted = false;
  truth_.died(name);
}

void Executor::begin(const Operation& operation, bool allowed) {
  if (!up_) return;
  if (!allowed) return tell(cancelled(operation.key));
  if (!operation.target.empty()) return fence(operation);
  Resource& resource = resources_[operation.resource];
  if (operation.recurs()) {
    resource.recurring[operation.key] = {operation, -1};
    return look(operation.resource, operation.key);
  }
  resource.queue.push_back(operation);
  next(operation.resource);
}

void Executor::die() {
  up_ = false;
}

void Executor::rise() {
  up_ = true;
  life_ = std::make_shared<bool>(true);
  for (auto& [name, resource] : resources_) {
    lose(name, resource);
    for (const auto& [key, each] : std::exchange(resource.recurring, {})) tell(cancelled(key));
  }
  for (const auto& [key, target] : std::exchange(fencings_, {})) tell(lost(key));
}

// What was under way is killed, half done or not.
void Executor::lose(const std::string& name, Resource& resource) {
  const auto queue = std::exchange(resource.queue, {});
  if (queue.empty()) return;
  if (std::exchange(resource.busy, false)) {
    const bool done = dice_.chance(0.5);
    if (done && queue.front().task != "monitor") carry_out(name, resource, queue.front());
    if (!done && queue.front().task == "start") {
      resource.active = false;
      truth_.died(name);
    }
    truth_.failed(queue.front());
  }
  tell(lost(queue.front().key));
  for (auto each = queue.begin() + 1; each != queue.end(); ++each) tell(cancelled(each->key));
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
                    [life = std::weak_ptr(life_), operation, outlives, late, truth = truth_] {
                      if (!outlives && life.expired()) return;
                      if (late) truth.failed(operation);
                      truth.switches(operation);
                    });
  timeline_.after(tells, [this, life = std::weak_ptr(life_), operation, fails,
                          well = !fails && !late && !hangs, began = seconds()] {
    if (life.expired() || !up_) return;
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
  if (operation.task == "start") resource.active = true;
  Duration takes = dice_.magnitude(Duration(2ms), Duration(200ms));
  if (dice_.chance(troubles_.slow)) takes = dice_.between(Duration(1s), Duration(8s));
  const bool hangs = dice_.chance(troubles_.hangs);
  if (hangs) takes = operation.timeout;
  const std::int64_t began = seconds();
  timeline_.after(takes, [this, life = std::weak_ptr(life_), name, operation, hangs, began] {
    if (life.expired()) return;
    Outcome outcome;
    if (hangs) {
      outcome.status = Outcome::Status::timed_out;
      outcome.rc = failed;
    } else {
      outcome = run(name, resources_[name], operation);
    }
    outcome.began = began;
    done(name, operation, outcome);
  });
}

Outcome Executor::run(const std::string& name, Resource& resource, const Operation& operation) {
  Outcome outcome;
  const bool fails = dice_.chance(troubles_.fails);
  if (operation.task == "monitor") {
    outcome.rc = monitor(name, resource, operation);
  } else if (operation.task == "notify") {
    return outcome;
  } else if (fails) {
    outcome.rc = failed;
  } else if (dice_.chance(troubles_.lies)) {
    pretend(name, resource, operation);
  } else {
    outcome.rc = carry_out(name, resource, operation) ? ok : failed;
  }
  if (outcome.rc == ok || outcome.rc == promoted) rate(name, resource);
  return outcome;
}

int Executor::monitor(const std::string& name, Resource& resource, const Operation& of) {
  const bool lies = dice_.chance(troubles_.lies);
  if (lies && !resource.active) {
    truth_.pretended(name);
    return ok;
  }
  if (!resource.active) truth_.missed(name);
  if (lies && !of.recurs()) truth_.hidden(name);
  if (lies || !resource.active) return not_running;
  truth_.found(of, resource.promoted);
  return resource.promoted ? promoted : ok;
}

// False: it cannot be done.
bool Executor::carry_out(const std::string& name, Resource& resource, const Operation& of) {
  if (of.task == "migrate_from" && !resource.active) return false;
  if (of.task == "promote" && !resource.active) return false;
  if (of.task == "migrate_to") {
    if (!resource.active || !truth_.moves(name, target_of(of))) return false;
    resource.active = false;
  }
  if (of.task == "stop") resource.active = resource.promoted = false;
  if (of.task == "promote" || of.task == "demote") resource.promoted = of.task == "promote";
  truth_.succeeded(of);
  return true;
}

// It says that it is done. That it has stopped what goes on nobody can know; what it has only said
// to be up is as if it died at once.
void Executor::pretend(const std::string& name, const Resource& resource, const Operation& of) {
  if (of.task == "stop" || of.task == "demote" || of.task == "start" || of.task == "promote")
    truth_.succeeded(of);
  if (of.task == "start" && resource.active) {
    resources_[name].active = false;
    truth_.died(name);
  }
  if (of.task == "promote" && !resource.promoted) truth_.demoted(name);
  if (of.task == "migrate_from" && !resource.active) truth_.pretended(name);
}

void Executor::rate(const std::string& name, const Resource& resource) {
  if (resource.active)
    truth_.rated(name, score_);
  else
    truth_.rated(name, std::nullopt);
}

// Nobody hears it while there is nobody to tell: it stays as if it were under way.
void Executor::done(const std::string& name, const Operation& operation, Outcome outcome) {
  if (outcome.status != Outcome::Status::done || outcome.rc != 0) truth_.failed(operation);
  if (outcome.status != Outcome::Status::done && operation.task == "monitor") truth_.unseen(name);
  outcome.key = operation.key;
  Resource& resource = resources_[name];
  resource.busy = false;
  if (!up_) return;
  resource.queue.pop_front();
  tell(std::move(outcome));
  next(name);
}

// A recurring one tells what it found first, and whatever else it finds later.
void Executor::look(const std::string& name, const std::string& key) {
  Resource& resource = resources_[name];
  const auto found = resource.recurring.find(key);
  if (found == resource.recurring.end()) return;
  Recurring& recurring = found->second;
  if (!resource.busy && up_) {
    Outcome outcome = run(name, resource, recurring.operation);
    outcome.key = key;
    outcome.began = seconds();
    if (std::exchange(recurring.last, outcome.rc) != outcome.rc) tell(outcome);
  }
  timeline_.after(recurring.operation.interval, [this, alive = std::weak_ptr(life_), name, key] {
    if (!alive.expired()) look(name, key);
  });
}

void Executor::cancel(const std::string& key) {
  if (!up_) return;
  const bool is_over = !known().contains(key);
  for (auto& [name, resource] : resources_) {
    const bool ended = resource.recurring.erase(key) > 0;
    auto& queue = resource.queue;
    const auto waits = [&](const Operation& each) {
      return each.key == key && &each != &queue.front();
    };
    if (ended || std::erase_if(queue, waits) > 0) return tell(cancelled(key));
  }
  if (is_over && tell_) tell_(cancelled(key));
}

void Executor::tell(Outcome outcome) {
  unacknowledged_.push_back(outcome);
  if (tell_) tell_(outcome);
}

}  // namespace gyre::rm::model
