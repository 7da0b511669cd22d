// What daemons say to each other in the order: who is to end, and which configuration counts.
#include <algorithm>

#include "node/node.hh"

namespace gyre::node {
namespace {

// A member whose disk or name server hangs must not keep the others from trying again.
constexpr Duration reload_patience = std::chrono::seconds(20);
constexpr Duration say_again = std::chrono::milliseconds(100);

}  // namespace

// Their source is one that no program has. They are safe: what they decide, all decide.
void Node::submit_words() {
  if (membership::wire::Word word; rotation_.next(word) && words_.say(word)) rotation_.said();
  while (!words_.empty()) {
    const std::span<const std::byte> parts[] = {words_.oldest()};
    const auto answer = ring_.submit(0, totem::Class::application, totem::Guarantee::safe, parts);
    if (answer != totem::Submitted::taken) return;
    words_.taken();
  }
}

void Node::word(NodeId sender, const membership::wire::Word& word) {
  if (What{word.what} == What::kill) {
    if (NodeId{word.subject} == peers_.self()) killed_by_ = sender;
    if (sender == peers_.self()) errands_.answered(word.request, {});
    return;
  }
  if (Rotation::concerns(word)) return rotate_by(sender, word);
  const auto members = std::span(view_members_).first(view_size_);
  const Reload::Step step = reload_.word(peers_.self(), sender, word, view_number_, members);
  if (step == Reload::Step::refuse)
    errands_.answered(word.request, "another reload is under way");
  else
    end_reload(step);
}

void Node::end_reload(Reload::Step step) {
  if (step == Reload::Step::none) return;
  const bool ours = reload_.proposer() == peers_.self();
  if (step == Reload::Step::read) {
    if (ours) reload_by_ = now_ + reload_patience;
    return errands_.read_configuration(reload_.ticket());
  }
  const bool applied = step == Reload::Step::apply;
  if (applied) ring_.set_timers(new_timers_);
  errands_.reload_ended(reload_.ticket(), applied);
  // What is safe in the ring, all its members have or will have; what came behind it may be ours.
  const std::string_view trouble = !applied    ? reload_.reason()
                                   : breaking_ ? "the ring broke at that moment: others may not go "
                                                 "by their files, reload again"
                                               : "";
  if (trouble.empty())
    log_.write(now_, LogLevel::info, "reload: all members go by their files, asked by node {}",
               static_cast<std::uint32_t>(reload_.proposer()));
  else
    log_.write(now_, LogLevel::warning, "reload: {}: {}",
               applied ? "this node goes by its file" : "nothing changes", trouble);
  if (!ours) return;
  reload_by_ = never;
  errands_.answered(reload_.request(), trouble);
}

void Node::configuration_read(std::uint64_t ticket, std::string_view reason,
                              const totem::Parameters& timers) {
  membership::wire::Word word;
  if (!reload_.answer(ticket, reason, word)) return;
  new_timers_ = timers;
  words_.say(word);  // if too many wait, the proposer waits in vain, and says so
}

void Node::expire_reload(Time now) {
  if (now < reload_by_) return;
  membership::wire::Word word;
  const bool is_over = !reload_.answer(reload_.ticket(), "a member does not answer", word);
  reload_by_ = is_over || words_.say(word) ? never : now + say_again;
}

}  // namespace gyre::node
