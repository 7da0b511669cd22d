#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/difference_xml.hh"
#include "rm/cib/digest.hh"
#include "rm/control/control.hh"
#include "rm/control/divergence.hh"
#include "rm/control/fence_records.hh"
#include "rm/control/members.hh"
#include "rm/control/records.hh"
#include "rm/schedule/unpack.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::control {

namespace {

Outcome never_begun(const std::string& key) {
  Outcome outcome;
  outcome.key = key;
  outcome.status = Outcome::Status::cancelled;
  return outcome;
}

using schedule::attribute;

bool fences(const Begin& begin) {
  return !begin.operation.target.empty();
}

bool is_member(pugi::xml_node state) {
  return attribute(state, "join") == "member" && attribute(state, "crmd") == "online";
}

}  // namespace

void Control::apply(const Delivered& message, std::int64_t now) {
  std::visit([&](const auto& each) { apply(each, message, now); }, message.envelope.message);
}

void Control::apply(const OwnHistory& own, const Delivered& message, std::int64_t) {
  if (own.view != to_text(view_.place)) return;
  if (own.what == OwnHistory::What::alive) {
    speaks_still(cib(), message.sender.node);
    simulate::count_update(cib());
    return changed();
  }
  take_part(cib(), message.sender.node, own);
  for (const Fenced& over : follow_members(cib(), view_.members)) speak_if_hit(over);
  simulate::count_update(cib());
  if (message.sender == self_) {
    own_history_.clear();
    telling_.reset();
    const bool first = !std::exchange(told_, true);
    if (first && own.what == OwnHistory::What::kept) give_up_what_was_lost();
    end_what_nobody_knows();
    send_own();
  }
  changed();
}

void Control::apply(const Configure& change, const Delivered& message, std::int64_t) {
  const auto read = read_difference(change.difference);
  if (const auto* fault = std::get_if<Fault>(&read)) return answer(message, fault->text());
  const auto& difference = std::get<ReadDifference>(read).difference;
  if (!difference.status.empty())
    return answer(message, "the status changes by what happens, not by hand");
  if (auto why = patch(document_, difference)) return answer(message, std::move(*why), true);
  lineage_.changed = fmt::format("{}-{}", to_text(message.place), message.sender.node);
  sign(change, message.sender.node);
  write();
  changed_here_ = true;
  if (is_own(message)) {
    to_be_kept_[message.envelope.serial] = document_.version();
    own_.erase(message.envelope.serial);
  }
  changed();
}

// Who changed it, when and from where: operators are told.
void Control::sign(const Configure& change, std::uint32_t node) {
  const std::string origin = state_of_node(cib(), node).attribute("uname").value();
  for (const auto& [name, value] :
       {std::pair{"cib-last-written", change.written}, std::pair{"update-origin", origin},
        std::pair{"update-client", change.client}, std::pair{"update-user", change.user}})
    simulate::set(cib(), name, value);
}

void Control::apply(const AttributeChange& change, const Delivered& message, std::int64_t) {
  apply_request(change, message);
}

void Control::apply(const Cleanup& cleanup, const Delivered& message, std::int64_t) {
  apply_request(cleanup, message);
  end_what_nobody_knows();
}

void Control::apply_request(const auto& request, const Delivered& message) {
  const Version before = document_.version();
  if (auto why = rm::apply(document_, request)) return answer(message, std::move(*why));
  answer(message);
  const Version after = document_.version();
  if (after == before) return;
  if (after.epoch != before.epoch) {
    lineage_.changed = fmt::format("{}-{}", to_text(message.place), message.sender.node);
    write();
  }
  changed();
}

void Control::apply(const Confirm& confirm, const Delivered& message, std::int64_t) {
  if (!confirm_down(cib(), confirm.node))
    return answer(message,
                  fmt::format("{} takes part in the cluster, or was never seen: nothing to "
                              "confirm",
                              confirm.node));
  record_confirmed(cib(), confirm, attribute(state_of_node(cib(), message.sender.node), "uname"));
  simulate::count_update(cib());
  answer(message);
  changed();
}

// Planned in this view, by who plans, for this configuration, and nothing of that resource is under
// way there, or no fencing of a node that is to be fenced, or to begin it: so it is still what was
// planned.
bool Control::holds(const Begin& begin, const BusMember& sender) const {
  return begin.view == to_text(view_.place) && sender.node == coordinator_ &&
         begin.epoch == configuration_of(cib()) && is_member(state_of(cib(), begin.node)) &&
         (fences(begin) ? !is_being_fenced(cib(), begin.operation.target)
                        : !is_being_fenced(cib(), begin.node) &&
                              !is_under_way(cib(), begin.node, begin.operation.resource));
}

void Control::apply(const Begin& begin, const Delivered& message, std::int64_t now) {
  const bool valid = holds(begin, message.sender);
  if (valid) {
    if (fences(begin)) {
      record_fencing(begin, message.sender);
      next_try_ = next_try(cib(), now);
    } else {
      record_operation(begin);
    }
    simulate::count_update(cib());
    if (begin.node == settings_.name) begin_here(begin, now);
  }
  if (message.sender == self_) came_about(begin, valid);
}

void Control::record_operation(const Begin& begin) {
  if (begin.node == settings_.name)
    for (std::string& key : ended_by(cib(), begin)) {
      recurring_.erase(key);
      output_.cancels.push_back(std::move(key));
    }
  record_begin(cib(), begin);
  if (begin.operation.task == "do_shutdown")
    let_go(cib(), state_of(cib(), begin.node).attribute("id").as_uint());
}

void Control::record_fencing(const Begin& begin, const BusMember& sender) {
  const std::uint32_t node = state_of(cib(), begin.node).attribute("id").as_uint();
  record_fence_begin(cib(), begin, attribute(state_of_node(cib(), sender.node), "uname"),
                     *std::ranges::find(view_.members, node, &BusMember::node));
}

// While it is not known who else is told of it, an operation is recorded, for others may go by it,
// but not begun.
void Control::begin_here(const Begin& begin, std::int64_t now) {
  const Operation& operation = begin.operation;
  if (operation.task == "do_shutdown") {
    output_.leave = true;
  } else if (operation.task == "cancel") {
    return;
  } else if (!regular_) {
    finished(never_begun(operation.key));
  } else if (fences(begin)) {
    asked_[operation.key] = {{operation, begin.needs_quorum}, now};
    send(0, Taken{begin.view, operation.key});
  } else {
    if (operation.recurs()) recurring_.insert(operation.key);
    output_.begun.push_back({operation, begin.needs_quorum});
  }
}

// It is begun only as long as it cannot have been given up since.
void Control::apply(const Taken& taken, const Delivered& message, std::int64_t now) {
  if (taken.view != to_text(view_.place)) return;
  const auto asked = asked_.extract(message.sender == self_ ? taken.key : std::string());
  if (!record_taken(cib(), taken, message.sender)) return;
  next_try_ = next_try(cib(), now);
  simulate::count_update(cib());
  if (!asked) return;
  if (regular_ && now <= asked.mapped().since + take_max_s)
    output_.begun.push_back(asked.mapped().begun);
  else
    finished(never_begun(taken.key));
}

// They were asked in a view that is over.
void Control::begin_none_of_asked() {
  for (const auto& [key, asked] : std::exchange(asked_, {})) finished(never_begun(key));
}

void Control::apply(const Result& result, const Delivered& message, std::int64_t now) {
  // Its node's history is on its way, and this comes behind it.
  if (!is_member(state_of(cib(), result.node))) {
    if (is_own(message)) own_[message.envelope.serial].in_order = false;
    return;
  }
  if (apply_to_fencing(result, message, now)) return;
  const Came came = record_result(cib(), result);
  if (is_own(message)) {
    own_.erase(message.envelope.serial);
    output_.acknowledged.push_back(result.outcome.key);
    // Nobody knows of it any more: it is not to come again, if it could.
    const bool over = result.outcome.status == Outcome::Status::cancelled;
    if (over) recurring_.erase(result.outcome.key);
    if (over && came == Came::failed) end_what_nobody_knows();
    if (came == Came::unasked && !over) output_.cancels.push_back(result.outcome.key);
  }
  if (came == Came::unasked) return;
  simulate::count_update(cib());
  came_about(result.outcome.key, came == Came::expected, now);
}

// True: it is of a fencing.
bool Control::apply_to_fencing(const Result& result, const Delivered& message, std::int64_t now) {
  const Fenced fenced = record_fence_result(cib(), result, view_.members);
  if (fenced.came == Fenced::Came::unasked) return false;
  next_try_ = next_try(cib(), now);
  if (is_own(message)) {
    own_.erase(message.envelope.serial);
    output_.acknowledged.push_back(result.outcome.key);
  }
  simulate::count_update(cib());
  if (fenced.came == Fenced::Came::step) {
    changed();
    return true;
  }
  speak_if_hit(fenced);
  was_fenced(fenced.target, now);
  return true;
}

// Whoever lives behind a fencing of its node says so, or nothing would be begun there.
void Control::speak_if_hit(const Fenced& fenced) {
  if (fenced.target != settings_.name) return;
  if (fenced.life != settings_.executor)
    return send(0,
                OwnHistory{to_text(view_.place), settings_.executor, OwnHistory::What::alive, {}});
  output_.fatal =
      "this node was fenced, as the others say, and yet runs: it leaves before what it runs is "
      "started elsewhere. Look at the fence device";
}

void Control::apply(const NotFenced& not_fenced, const Delivered& message, std::int64_t now) {
  if (message.sender == self_) begins_sent_.erase(not_fenced.target);
  if (not_fenced.view != to_text(view_.place) || message.sender.node != coordinator_ ||
      is_being_fenced(cib(), not_fenced.target))
    return want_plan();
  record_not_fenced(cib(), not_fenced,
                    attribute(state_of_node(cib(), message.sender.node), "uname"));
  simulate::count_update(cib());
  next_try_ = next_try(cib(), now);
  changed();
}

void Control::apply(const Kept& kept, const Delivered& message, std::int64_t) {
  // On its way it may have lost what it says against another side's.
  if (read_lineage(kept.lineage).firm == lineage_.firm)
    kept_[message.sender.node] = {kept.admin_epoch, kept.epoch, 0};
  if (is_own(message)) own_.erase(message.envelope.serial);
  answer_kept();
}

// A digest of another than the coordinator is of who has something else: it is shown what it is
// compared with.
void Control::apply(const Compare& compare, const Delivered& message, std::int64_t) {
  if (compare.view != to_text(view_.place)) return;
  if (message.sender.node != coordinator_) {
    const bool shows = pieces_sent_ < pieces_.size();
    if (coordinates() && !compared_.text.empty() && !compare.digest.empty() && !shows)
      begin_pieces(compared_.text);
    return;
  }
  if (compare.digest.empty()) {
    compared_.text = document_.text();
    compared_.digest = md5(compared_.text).view();
    if (coordinates()) send(0, Compare{compare.view, compared_.digest});
  } else if (!compared_.digest.empty() && compared_.digest != compare.digest) {
    diverge(compare);
  } else if (!coordinates()) {
    compared_ = {};
  }
}

// A document that has become another than the coordinator's, by whatever error, is nothing to go
// by: from here on nothing is applied or begun. Once it is known where it differs this node begins
// anew, with the document of the others. What it had is kept beside it, to be looked at.
void Control::diverge(const Compare& expected) {
  phase_ = Phase::diverged;
  expected_ = expected.digest;
  assembly_ = {};
  write(true);
  send(0, Compare{expected.view, compared_.digest});
}

void Control::find_difference(const Piece& piece) {
  if (!assembly_.add(piece.number, piece.of, piece.bytes) || !assembly_.complete()) return;
  const auto text = assembly_.document();
  // It may be what was compared after that.
  if (!text || md5(*text).view() != expected_)
    return begin_anew("it has been compared again since");
  const auto here = Document::load(compared_.text), there = Document::load(*text);
  const auto* ours = std::get_if<Document>(&here);
  const auto* theirs = std::get_if<Document>(&there);
  const auto where = ours && theirs ? first_difference(ours->cib(), theirs->cib()) : std::nullopt;
  begin_anew(where.value_or("in how it is written"));
}

void Control::begin_anew(std::string_view where) {
  output_.fatal = fmt::format(
      "the document of this node has become another than the coordinator's ({}); it begins anew "
      "with that of the others, and its own is kept beside it",
      where);
}

void Control::answer(const Delivered& message, std::string refused, bool stale) {
  if (!is_own(message)) return;
  output_.answers.push_back({message.envelope.serial, std::move(refused), stale, false});
  own_.erase(message.envelope.serial);
}

// A change is safe once every member of a firm view has it on disk. In another there is nothing
// that could make it safe; it counts once this node's disk has it.
void Control::answer_kept() {
  const auto has = [&](std::uint32_t node, const Version& version) {
    const auto found = kept_.find(node);
    return found != kept_.end() && std::pair(found->second.admin_epoch, found->second.epoch) >=
                                       std::pair(version.admin_epoch, version.epoch);
  };
  const bool firm = is_firm();
  std::erase_if(to_be_kept_, [&](const auto& request) {
    const Version& version = request.second;
    const bool everywhere = std::ranges::all_of(
        view_.members, [&](const BusMember& each) { return has(each.node, version); });
    if (!(firm ? everywhere : has(settings_.node, version))) return false;
    output_.answers.push_back({request.first, {}, false, !firm});
    return true;
  });
}

void Control::drop_kept() {
  for (const auto& [serial, version] : std::exchange(to_be_kept_, {}))
    output_.answers.push_back({serial,
                               "another side of the cluster has come back, and its configuration "
                               "counts; look whether yours is in it",
                               false});
}

}  // namespace gyre::rm::control
