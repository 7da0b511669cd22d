#include "rm/control/control.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/digest.hh"
#include "rm/control/fence_records.hh"
#include "rm/control/members.hh"
#include "rm/control/property.hh"
#include "rm/control/records.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::control {

namespace {

constexpr std::size_t pieces_outstanding_max = 4;
constexpr std::size_t put_off_max = 100'000;
constexpr std::int64_t come_back_s = 10;  // for a process whose node is still there

std::string digest_of(const std::string& text) {
  return std::string(md5(text).view());
}

}  // namespace

Control::Control(Settings settings, Document document, std::string lineage)
    : settings_(std::move(settings)),
      document_(std::move(document)),
      lineage_(read_lineage(lineage)),
      recurring_(std::exchange(settings_.known, {})) {}

void Control::handle(const BusEvent& event, std::int64_t now) {
  if (const auto* view = std::get_if<BusView>(&event)) return enter(*view, now);
  if (std::holds_alternative<BusInterrupted>(event)) {
    regular_ = false;
    return;
  }
  const auto& message = std::get<BusMessage>(event);
  auto envelope = decode(message.payload);
  if (!envelope) {
    output_.notices.push_back(
        fmt::format("node {} sent what is no message; it is left out", message.sender.node));
    return;
  }
  deliver({message.sender, message.place, std::move(*envelope)}, now);
}

void Control::enter(const BusView& view, std::int64_t now) {
  // Whoever leaves has had all that was changed before.
  if (view.members.size() < view_.members.size()) changed_here_ = false;
  if (view.place.ring != view_.place.ring) {
    lose_sight(cib(), view.together);
    was_quorate_ = quorate_;
  }
  view_ = view;
  regular_ = true;
  begin_none_of_asked();
  abort_transition();
  compared_ = {};
  if (phase_ == Phase::diverged) return begin_anew("nobody could say any more");
  const auto self = std::ranges::find(view.members, settings_.node, &BusMember::node);
  if (self == view.members.end()) {
    phase_ = Phase::alone;
    return;
  }
  self_ = *self;
  const bool grown = view.together.size() != view.members.size();
  if (grown || phase_ != Phase::settled) return greet(now);
  settle_members(now);
  if (telling_) tell_own_history(*telling_);  // what was told belonged to the view before
  if (is_firm()) write();
  send_own();
  answer_kept();
  changed();
}

// What was put off in an earlier greeting is lost, at all members alike; who sent it sends it
// again.
void Control::greet(std::int64_t) {
  phase_ = Phase::greeting;
  for (const Delivered& each : std::exchange(put_off_, {}))
    if (is_own(each)) own_[each.envelope.serial].in_order = false;
  greeting_ = Greeting(view_);
  assembly_ = {};
  pieces_.clear();
  const std::string digest = digest_of(document_.text());
  // Whoever comes with the ring is not here yet in its first view, which may be quorate by them.
  const bool quorate = view_.place.seq == 0 ? was_quorate_ : quorate_;
  send(0, Hello{to_text(view_.place), settings_.name, settings_.software, settings_.executor,
                to_text(lineage_), document_.version(), digest, quorate, live_, 1});
}

void Control::deliver(Delivered message, std::int64_t now) {
  const std::string view = to_text(view_.place);
  if (const auto* hello = std::get_if<Hello>(&message.envelope.message)) {
    if (phase_ != Phase::greeting || hello->view != view) return;
    greeting_.add(message.sender.node, *hello);
    if (greeting_.complete()) decide(now);
  } else if (const auto* piece = std::get_if<Piece>(&message.envelope.message)) {
    if (piece->view == view) take(*piece, message.sender, now);
  } else if (phase_ == Phase::settled) {
    apply(message, now);
  } else if (phase_ == Phase::diverged) {
    return;
  } else if (put_off_.size() < put_off_max) {
    put_off_.push_back(std::move(message));
  } else if (is_own(message)) {
    own_[message.envelope.serial].in_order = false;
  }
}

void Control::decide(std::int64_t now) {
  if (const auto other = greeting_.namesake(settings_.node))
    output_.fatal = fmt::format(
        "node {} is called {}, too: names must differ. Change this node's (hostnamectl) and start "
        "again",
        *other, settings_.name);
  const auto source = greeting_.source();
  if (!source) return settle(now);
  phase_ = Phase::catching_up;
  if (*source != settings_.node) return;
  begin_pieces(document_.text());
}

void Control::begin_pieces(std::string_view document) {
  pieces_ = to_pieces(document);
  pieces_sent_ = 0;
  for (std::size_t i = 0; i < pieces_outstanding_max; ++i) send_pieces();
}

void Control::send_pieces() {
  if (pieces_sent_ == pieces_.size()) return;
  send(0, Piece{to_text(view_.place), pieces_sent_, pieces_.size(), pieces_[pieces_sent_]});
  ++pieces_sent_;
}

void Control::take(const Piece& piece, const BusMember& sender, std::int64_t now) {
  if (phase_ == Phase::catching_up) return catch_up(piece, now);
  // Of what was compared, for who has something else.
  if (settled() && sender == self_) return send_pieces();
  if (phase_ == Phase::diverged && sender.node == coordinator_) find_difference(piece);
}

// The last one is the mark behind which everybody has the document.
void Control::catch_up(const Piece& piece, std::int64_t now) {
  if (!assembly_.add(piece.number, piece.of, piece.bytes)) return;
  if (*greeting_.source() == settings_.node) send_pieces();
  if (!assembly_.complete()) return;
  const auto text = assembly_.document();
  if (!greeting_.has_it(settings_.node) && (!text || !load(*text)))
    output_.fatal = "the document that the other members sent is damaged; start again";
  settle(now);
}

bool Control::load(std::string_view text) {
  auto loaded = Document::load(text);
  if (!std::holds_alternative<Document>(loaded)) return false;
  auto& document = std::get<Document>(loaded);
  const Hello& source = greeting_.hellos().at(*greeting_.source());
  const bool lost = gives_way_with_loss();
  if (lost) {
    write(true);
    output_.notices.push_back(fmt::format(
        "the configuration of this side ({}, last changed at {}) gives way to that of node {}; it "
        "is kept beside it",
        document_.version().epoch, lineage_.changed, source.name));
  }
  // What was not told yet, since the last document came, is still what holds.
  if (own_history_.empty() && told_) own_history_ = own_state();
  if (lineage_.changed != read_lineage(source.lineage).changed) drop_kept();
  document_ = std::move(document);
  return true;
}

// Whether the configuration here is none that the other one came from, as far as can be told: it
// was changed while we were parted, or is at least as new.
bool Control::gives_way_with_loss() const {
  const auto configuration_of = [](const Version& version) {
    return std::pair(version.admin_epoch, version.epoch);
  };
  const Hello& source = greeting_.hellos().at(*greeting_.source());
  const auto here = configuration_of(document_.version());
  return lineage_.changed != read_lineage(source.lineage).changed && here.second > 0 &&
         (changed_here_ || here >= configuration_of(source.version));
}

// What the order has under way here, but no executor was ever told: a process of this node that was
// to tell it had died. It is over, without anything done.
void Control::give_up_what_was_lost() {
  for (const std::string& key : begun_on(cib(), settings_.name))
    if (!recurring_.contains(key)) {
      Outcome outcome;
      outcome.key = key;
      outcome.status = Outcome::Status::cancelled;
      finished(outcome);
    }
}

// What goes on here and stands nowhere any more: whatever came of it, nobody would listen.
void Control::end_what_nobody_knows() {
  auto recorded = recurring_on(cib(), settings_.name);
  for (const std::string& key : recurring_)
    if (!recorded.contains(key) && !is_recorded(cib(), settings_.name, key))
      output_.cancels.push_back(key);
  recurring_ = std::move(recorded);
}

void Control::write(bool lost) {
  output_.writes.push_back(
      {document_.configuration_text(), to_text(lineage_), document_.version(), lost});
}

std::string Control::own_state() const {
  return rm::to_text(state_of_node(cib(), settings_.node));
}

// Everybody has the document. What it says of the members is put right, and what was put off
// follows.
void Control::settle(std::int64_t now) {
  phase_ = Phase::settled;
  lineage_ = read_lineage(greeting_.winner().lineage);
  bool changes = false;
  for (const auto& [node, hello] : greeting_.hellos()) {
    if (greeting_.namesake(node)) continue;
    changes |= add_to_configuration(cib(), node, hello.name);
    if (!greeting_.has_it(node) || !takes_part(cib(), node, hello.executor)) {
      const bool was_away = is_away(cib(), node) && is_in_sight(cib(), node);
      arrive(cib(), node, hello.name);
      if (node == settings_.node) tell_own_history(was_away);
    }
  }
  for (const BusMember& each : view_.members)
    if (!greeting_.has_it(each.node))
      for (const Fenced& over : lose_steps_of(cib(), each, view_.members)) speak_if_hit(over);
  coordinator_ = coordinator_of(view_, greeting_.hellos());
  const std::string& software = greeting_.hellos().at(coordinator_).software;
  changes |= set_property(cib(), "dc-version", software);
  changes |= set_property(cib(), "cluster-infrastructure", "corosync");
  if (changes) changed_configuration("view-" + to_text(view_.place));
  settle_members(now);
  live_ = true;
  changed_here_ = false;
  kept_.clear();
  write();
  for (const Delivered& each : std::exchange(put_off_, {})) apply(each, now);
  send_own();
  changed();
}

// Quorate, so that no other side can be, and what makes it so is more than nodes whose process is
// not here: all of the ring's nodes are members. Or most of those that are configured are.
bool Control::is_firm() const {
  std::size_t nodes = 0;
  for (pugi::xml_node node : cib().child("configuration").child("nodes").children("node"))
    nodes += std::string_view(node.attribute("type").value()) == "remote" ? 0 : 1;
  const std::size_t members = view_.members.size();
  const bool all_here = members == view_.nodes.size() && !view_.fencing_needed;
  return view_.quorate && (all_here || members * 2 > nodes);
}

void Control::settle_members(std::int64_t now) {
  coordinator_ = coordinator_of(view_, greeting_.hellos());
  quorate_ = view_.quorate;
  if (is_firm()) lineage_.firm = view_.place;
  std::set<std::uint32_t> gone(view_.nodes.begin(), view_.nodes.end());
  for (pugi::xml_node state : cib().child("status").children("node_state"))
    gone.insert(state.attribute("id").as_uint());
  for (const BusMember& member : view_.members) gone.erase(member.node);
  const auto before = std::exchange(deadline_, std::nullopt);
  for (const std::uint32_t node : gone) {
    const bool was_away = is_away(cib(), node);
    depart(cib(), node, std::ranges::find(view_.nodes, node) != view_.nodes.end());
    if (is_away(cib(), node) && !deadline_) deadline_ = was_away ? before : now + come_back_s;
  }
  for (const Fenced& over : follow_members(cib(), view_.members)) speak_if_hit(over);
  next_try_ = next_try(cib(), now);
  simulate::set(cib(), "have-quorum", view_.quorate ? "1" : "0");
  simulate::set(cib(), "dc-uuid", std::to_string(coordinator_));
  simulate::count_update(cib());
  std::erase_if(kept_, [&](const auto& each) {
    return std::ranges::find(view_.members, each.first, &BusMember::node) == view_.members.end();
  });
}

// Of this life: as it is known here. Of an earlier one whose executor goes on, and which the others
// never lost sight of: as they know it. Of neither: nothing runs, as far as is known, and all of it
// is looked at; not before what moves to another node still has come there, or it would be looked
// for too soon.
void Control::tell_own_history(bool was_away) {
  OwnHistory own{to_text(view_.place), settings_.executor, OwnHistory::What::nothing, {}};
  const auto state = state_of_node(cib(), settings_.node);
  if (told_ && !own_history_.empty()) {
    own.what = OwnHistory::What::told;
    own.state = own_history_;
  } else if ((told_ || was_away) && state.attribute("executor").value() == settings_.executor) {
    own.what = OwnHistory::What::kept;
  }
  telling_ = was_away;
  if (own.what != OwnHistory::What::nothing || settings_.moving.empty()) send(0, own);
}

void Control::changed_configuration(std::string where) {
  Version version = document_.version();
  ++version.epoch;
  version.num_updates = 0;
  document_.set_version(version);
  lineage_.changed = std::move(where);
}

std::uint64_t Control::ask(Message message) {
  const std::uint64_t serial = ++serial_;
  own_[serial] = {std::move(message), false};
  if (settled()) send_own();
  return serial;
}

void Control::finished(const Outcome& outcome) {
  const bool moved = settings_.moving.erase(outcome.key) > 0;
  if (moved && settled() && telling_) tell_own_history(*telling_);
  ask(Result{settings_.name, outcome});
}

void Control::kept(std::string_view lineage, const Version& version) {
  ask(Kept{std::string(lineage), version.admin_epoch, version.epoch});
}

void Control::send(std::uint64_t serial, const Message& message) {
  output_.sends.push_back(encode(serial, message));
}

void Control::send_own() {
  for (auto& [serial, own] : own_)
    if (!std::exchange(own.in_order, true)) send(serial, own.message);
}

bool Control::is_own(const Delivered& message) const {
  return message.sender == self_ && own_.contains(message.envelope.serial);
}

Document default_document() {
  constexpr std::string_view text =
      R"(<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="0" )"
      R"(num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/>)"
      R"(</configuration><status/></cib>)";
  return std::get<Document>(Document::load(text));
}

}  // namespace gyre::rm::control
