#include "tests/rm/control/cluster.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/control/planning.hh"
#include "tests/rm/control/group_model.hh"

namespace gyre::rm::model {

namespace {

std::string describe(const control::Message& message) {
  if (const auto* begin = std::get_if<control::Begin>(&message))
    return fmt::format("begin {} of {} on {}{} ({})", begin->operation.task,
                       begin->operation.resource, begin->node,
                       begin->operation.recurs() ? ", recurring" : "", begin->operation.key);
  if (const auto* result = std::get_if<control::Result>(&message))
    return fmt::format("result of {}: status {} rc {}", result->outcome.key,
                       static_cast<int>(result->outcome.status), result->outcome.rc);
  std::string text = control::encode(0, message);
  return text.substr(0, std::min<std::size_t>(text.find('\0'), 500));
}

std::string describe(const Delivery& delivery) {
  if (const auto* view = std::get_if<BusView>(&delivery)) {
    std::string text = fmt::format("view {}{}:", control::to_text(view->place),
                                   view->quorate ? "" : " without quorum");
    for (const BusMember& each : view->members)
      text += fmt::format(" n{}.{}", each.node, each.process);
    text += ", together";
    for (const Node node : view->together) text += fmt::format(" n{}", node);
    return text;
  }
  if (const auto* said = std::get_if<Said>(&delivery)) {
    const auto envelope = control::decode(*said->payload);
    return fmt::format("{} of n{}.{}: {}", control::to_text(said->place), said->sender.node,
                       said->sender.process, envelope ? describe(envelope->message) : "?");
  }
  return "interrupted";
}

// Something is to be started on that node.
bool lets_start(const Arrival& arrival, Node node) {
  const auto* said = arrival.event ? std::get_if<Said>(&*arrival.event) : nullptr;
  const auto envelope = said ? control::decode(*said->payload) : std::nullopt;
  const auto* begin = envelope ? std::get_if<control::Begin>(&envelope->message) : nullptr;
  return begin && begin->operation.task == "start" && node_named(begin->node) == node;
}

std::unique_ptr<Group> make_model(Timeline& timeline, sim::Dice dice, Group::Settings settings,
                                  Group::Events events) {
  return std::make_unique<GroupModel>(timeline, dice, settings, std::move(events));
}

}  // namespace

Node node_named(const std::string& name) {
  return static_cast<Node>(std::stoul(name.substr(1)));
}

Cluster::Cluster(std::uint64_t seed, Settings settings, Checks::Promises promises)
    : settings_(settings), dice_(seed), checks_(timeline_, promises), machines_(settings.nodes) {
  if (!settings_.make_group) settings_.make_group = make_model;
  group_ = settings_.make_group(
      timeline_, dice_.split(),
      {.nodes = settings.nodes, .two_node = settings.two_node, .parts = settings.parts},
      {.arrives = [this](Node node, Arrival arrival) { receive(node, std::move(arrival)); },
       .cut_off = [this](Node node) { cut_off(node); },
       .crashed = [this](Node node) { crashed(node); }});
}

void Cluster::run(Duration time) {
  const Time until = timeline_.now() + time;
  do
    while (group_->step(std::min(timeline_.next(), until))) continue;
  while (timeline_.step(until));
}

void Cluster::trace(const std::string& line) {
  if (!settings_.verbose) return;
  lines_.push_back(fmt::format("{:12.6f} {}", timeline_.seconds(), line));
}

void Cluster::boot(Node node) {
  Machine& at = machine(node);
  if (at.on || at.held_off) return;
  trace(fmt::format("n{} boots", node));
  at.on = true;
  at.leaving = false;
  at.boot = fmt::format("boot-{}-{}", node, ++lives_);
  at.executor = std::make_unique<Executor>(timeline_, dice_.split(), troubles_, truth_of(node));
  checks_.booted(node);
  group_->power(node, true);
}

void Cluster::set_side(Node node, unsigned side) {
  machine(node).side = side;
  group_->set_side(node, side);
}

// What came of those nobody knows.
void Cluster::forget_fencings(const Machine& at) {
  for (const auto& [key, target] : at.executor->fencings()) checks_.fault(node_named(target));
}

// Neither what became of others: it stands in no file. Whoever comes next fences whom it does not
// see.
void Cluster::forget_the_absent(const Machine& at) {
  if (!at.process || at.process->control->view().members.size() != 1) return;
  for (Node each = 1; each <= machines_.size(); ++each)
    if (&machine(each) != &at) checks_.fault(each);
}

void Cluster::crash(Node node) {
  Machine& at = machine(node);
  if (!at.on) return;
  trace(fmt::format("n{} crashes", node));
  at.on = false;
  forget_fencings(at);
  forget_the_absent(at);
  for (const auto& [request, off] :
       at.process ? at.process->confirmations : std::map<std::uint64_t, Node>())
    timeline_.after(20s, [this, off = off] { let_on(off); });
  at.process.reset();
  at.executor.reset();
  group_->power(node, false);
  checks_.lost(node);
}

// Somebody turns on again what is off, a little later.
void Cluster::switch_power(const Operation& of) {
  const Node node = node_named(of.target);
  trace(fmt::format("{} is switched: {} ({})", of.target, of.task, of.key));
  if (of.task != "on") {
    if (machine(node).on) checks_.switched_off(node, of.key);
    machine(node).on ? crash(node) : checks_.lost(node);
  }
  const Duration until = of.task == "on"       ? Duration()
                         : of.task == "reboot" ? dice_.between(Duration(100ms), Duration(5s))
                                               : dice_.between(Duration(10s), Duration(60s));
  timeline_.after(until, [this, node] { boot(node); });
  timeline_.after(until + dice_.magnitude(Duration(1ms), Duration(5s)),
                  [this, node] { start_process(node); });
}

void Cluster::start_process(Node node) {
  Machine& at = machine(node);
  if (!at.on || at.process) return;
  if (!at.executor->is_up()) return timeline_.after(100ms, [this, node] { start_process(node); });
  at.leaving = false;
  auto process = std::make_unique<Process>();
  process->life = ++lives_;
  auto document = at.disk.configuration.empty()
                      ? control::default_document()
                      : std::get<Document>(Document::load(at.disk.configuration));
  process->control = std::make_unique<control::Control>(
      control::Settings{node, fmt::format("n{}", node), "model", at.boot, at.executor->known(),
                        at.executor->moving()},
      std::move(document), at.disk.lineage);
  at.process = std::move(process);
  checks_.starts(node);
  at.stalled = {};
  trace(fmt::format("n{} gyre-rm starts", node));
  group_->join(node);
  connect_executor(node);
}

void Cluster::connect_executor(Node node) {
  machine(node).executor->connect([this, node](const Outcome& of) {
    later(node, dice_.between(Duration(50us), Duration(1ms)), [this, node, of](Process& process) {
      trace(fmt::format("n{} outcome of {}: status {} rc {}", node, of.key,
                        static_cast<int>(of.status), of.rc));
      process.control->finished(of);
      act(node, process);
    });
  });
}

void Cluster::kill_process(Node node) {
  Machine& at = machine(node);
  if (!at.process) return;
  trace(fmt::format("n{} gyre-rm dies", node));
  forget_fencings(at);
  forget_the_absent(at);
  // Nobody asks for it any more; what is on its way comes before the node is.
  for (const auto& [request, off] : at.process->confirmations)
    timeline_.after(20s, [this, off = off] { let_on(off); });
  at.process.reset();
  checks_.away(node);
  at.executor->disconnect();
  checks_.sees_nothing(node);
  group_->leave(node);
  // Who was told to end both goes on with that.
  if (!at.leaving || !at.executor->is_up()) return;
  at.executor->die();
  renew_executor(node);
}

void Cluster::kill_executor(Node node) {
  Machine& at = machine(node);
  if (!at.on || !at.executor->is_up()) return;
  trace(fmt::format("n{} gyre-exec dies", node));
  forget_fencings(at);
  at.executor->die();
  timeline_.after(dice_.magnitude(Duration(100ms), Duration(5s)), [this, node, boot = at.boot] {
    if (machine(node).boot == boot) renew_executor(node);
  });
}

void Cluster::renew_executor(Node node) {
  Machine& at = machine(node);
  if (!at.executor || at.executor->is_up()) return;
  trace(fmt::format("n{} gyre-exec is there again", node));
  const bool had_process = at.process != nullptr;
  at.boot = fmt::format("boot-{}-{}", node, ++lives_);
  kill_process(node);
  at.executor->rise();
  if (had_process)
    timeline_.after(dice_.magnitude(Duration(100ms), Duration(5s)),
                    [this, node] { start_process(node); });
}

void Cluster::leave(Node node) {
  Machine& at = machine(node);
  trace(fmt::format("n{} is to leave", node));
  at.leaving = true;
  ask(node, AttributeChange{fmt::format("n{}", node), "shutdown", std::to_string(seconds())}, "");
}

void Cluster::confirm(Node off, Node at) {
  Process& process = *machine(at).process;
  trace(fmt::format("n{} is told that n{} is down", at, off));
  machine(off).held_off = true;
  process
      .confirmations[process.control->ask(control::Confirm{fmt::format("n{}", off), seconds()})] =
      off;
  act(at, process);
}

// What supervises it begins it again.
void Cluster::cut_off(Node node) {
  trace(fmt::format("n{} gyre-rm is cut off", node));
  checks_.count("cut off");
  checks_.fault(node);
  checks_.forgiven();
  kill_process(node);
  timeline_.after(dice_.magnitude(Duration(100ms), Duration(5s)),
                  [this, node] { start_process(node); });
}

void Cluster::crashed(Node node) {
  checks_.count("node crash");
  checks_.fault(node);
  crash(node);
  timeline_.after(dice_.magnitude(Duration(200ms), Duration(60s)), [this, node] {
    boot(node);
    start_process(node);
  });
}

// What was held off by a person's hand.
void Cluster::let_on(Node node) {
  machine(node).held_off = false;
  timeline_.after(dice_.magnitude(Duration(1s), Duration(20s)), [this, node] {
    boot(node);
    start_process(node);
  });
}

void Cluster::lie_in_wait(Node node, std::function<void()> strike) {
  machine(node).ambush = std::move(strike);
}

void Cluster::stall(Node node, Duration time) {
  machine(node).stalled = timeline_.now() + time;
}

void Cluster::let_die(Node node, const std::string& resource) {
  if (machine(node).executor) machine(node).executor->let_die(resource);
}

const control::Control* Cluster::control(Node node) const {
  return machine(node).process ? machine(node).process->control.get() : nullptr;
}

void Cluster::ask(Node node, control::Message message, const std::string& mark) {
  Process& process = *machine(node).process;
  const std::uint64_t request = process.control->ask(std::move(message));
  process.marks[request] = mark;
  trace(fmt::format("n{} is asked for {} ({})", node, request, mark));
  act(node, process);
}

void Cluster::look_again(Node node) {
  Process& process = *machine(node).process;
  process.control->look_again();
  act(node, process);
}

void Cluster::later(Node node, Duration delay, std::function<void(Process&)> what) {
  timeline_.after(delay, [this, node, life = machine(node).process->life, what = std::move(what)] {
    const auto& process = machine(node).process;
    if (!process || process->life != life) return;
    if (!is_stalled(node)) return what(*process);
    later(node, std::min<Duration>(machine(node).stalled - timeline_.now(), 1s), what);
  });
}

void Cluster::receive(Node node, Arrival arrival) {
  Machine& at = machine(node);
  const auto& process = at.process;
  if (!process) return;
  if (at.ambush && lets_start(arrival, node)) timeline_.after({}, std::exchange(at.ambush, {}));
  process->queue.push_back(std::move(arrival));
  if (!std::exchange(process->looking, true))
    later(node, dice_.between(Duration(20us), Duration(1ms)),
          [this, node](Process&) { look(node); });
}

void Cluster::look(Node node) {
  Process& process = *machine(node).process;
  const Arrival arrival = std::move(process.queue.front());
  process.queue.pop_front();
  process.looking = !process.queue.empty();
  if (process.looking)
    later(node, dice_.between(Duration(20us), Duration(1ms)),
          [this, node](Process&) { look(node); });
  process.verdict = arrival.verdict;
  if (arrival.event) handle(node, process, *arrival.event);
}

void Cluster::handle(Node node, Process& process, const Delivery& delivery) {
  const auto* heard = std::get_if<Said>(&delivery);
  const bool own = heard && heard->sender.node == node;
  if (settings_.verbose && (!heard || own || !process.regular))
    trace(fmt::format("n{} {}", node, describe(delivery)));
  control::Control& control = *process.control;
  Place place;
  if (const auto* said = std::get_if<Said>(&delivery)) {
    control.handle(BusMessage{said->place, said->sender, *said->payload}, seconds());
    place = said->place;
  } else if (const auto* view = std::get_if<BusView>(&delivery)) {
    process.regular = true;
    checks_.sees(node, *view);
    control.handle(*view, seconds());
    place = view->place;
  } else {
    process.regular = false;
    control.handle(BusInterrupted{}, seconds());
  }
  if (control.settled() && process.regular) {
    if (control.coordinates()) checks_.fencings(control);
    if (++process.handled % 4 == 0 || place.seq % 8 == 0) checks_.agree(control, place);
    const BusView& view = control.view();
    const bool firm = view.quorate && (view.members.size() == view.nodes.size() ||
                                       view.members.size() * 2 > settings_.nodes);
    if (group_->ring_of(node) == view.place.ring && firm && process.queue.empty())
      checks_.still_there(control);
  }
  hash_.add(static_cast<std::uint64_t>(timeline_.now().time_since_epoch().count()) + place.seq);
  act(node, process);
}

void Cluster::act(Node node, Process& process) {
  control::Output output = process.control->take_output();
  Machine& at = machine(node);
  if (process.control->settled()) checks_.back(node);
  if (!output.fatal.empty()) checks_.violated("fatal", fmt::format("n{}: {}", node, output.fatal));
  for (const std::string& notice : output.notices) {
    trace(fmt::format("n{} says: {}", node, notice));
    checks_.count("notice");
  }
  for (std::string& payload : output.sends) group_->send(node, std::move(payload));
  for (const std::string& key : output.acknowledged) at.executor->acknowledge(key);
  for (const std::string& key : output.cancels) at.executor->cancel(key);
  for (const auto& begun : output.begun) {
    const bool lease = group_->has_lease(node, process.verdict);
    checks_.begun(*process.control, process.regular, lease, group_->may_act(node), begun);
    hash_.add(node * 31 + begun.operation.key.size() + lease);
    at.executor->begin(begun.operation, lease || !begun.needs_quorum);
  }
  for (auto& each : output.writes) write(node, process, std::move(each));
  for (const auto& answer : output.answers) {
    const std::string mark = process.marks[answer.request];
    trace(fmt::format("n{} answers {} ({}): {}{}", node, answer.request, mark,
                      answer.refused.empty() ? "done" : answer.refused,
                      answer.at_risk ? ", at risk" : ""));
    checks_.count(!answer.refused.empty() ? "refused"
                  : answer.at_risk        ? "at risk"
                                          : "acknowledged");
    if (answer.refused.empty() && !answer.at_risk && !mark.empty()) checks_.acknowledged(mark);
    if (const auto off = process.confirmations.extract(answer.request)) let_on(off.mapped());
  }
  if (const auto deadline = process.control->deadline(); deadline && deadline != process.deadline)
    later(node, std::chrono::seconds(*deadline - seconds()), [this, node](Process& still) {
      still.control->expire(seconds());
      act(node, still);
    });
  process.deadline = process.control->deadline();
  if (output.plan_wanted) plan(node, process);
  if (output.leave) timeline_.after(Duration(), [this, node] { left(node); });
}

// Its executor goes behind it, and the node may.
void Cluster::left(Node node) {
  Machine& at = machine(node);
  if (!at.process) return;
  checks_.left(node);
  kill_process(node);
  if (dice_.chance(0.5)) crash(node);
}

// One after the other; what is written when the power goes is not there.
void Cluster::write(Node node, Process& process, control::Output::Write of) {
  if (of.lost) return checks_.count("lost configuration");
  later(node, dice_.magnitude(Duration(500us), Duration(40ms)),
        [this, node, of = std::move(of), number = ++process.writing](Process& still) {
          if (number < still.writing) return;  // a later one is on its way, and takes its place
          machine(node).disk = {of.configuration, of.lineage};
          still.control->kept(of.lineage, of.version);
          act(node, still);
        });
}

void Cluster::plan(Node node, Process& process) {
  checks_.count("plan");
  const std::string graph = control::make_plan(process.control->cib(), seconds());
  if (settings_.documents) trace(process.control->document().text());
  if (settings_.documents) trace(graph);
  const Duration takes = dice_.magnitude(Duration(200us), Duration(60ms));
  later(node, takes, [this, node, graph](Process& still) {
    trace(fmt::format("n{} has planned", node));
    still.control->planned(graph, seconds());
    act(node, still);
  });
}

}  // namespace gyre::rm::model
