// Which key the node's frames are sealed with, and which others it takes: what rotation.hh says is
// done here.
#include "node/node.hh"

namespace gyre::node {
namespace {

constexpr Duration key_patience = std::chrono::seconds(15);       // with this node's own disk
constexpr Duration rotation_patience = std::chrono::seconds(25);  // more than with all disks
constexpr std::string_view not_quorate =
    "this side is not quorate: another one may have the old key";

}  // namespace

void Node::rotate(std::uint64_t request, std::uint64_t fingerprint, std::string_view file) {
  if (!sealed_) return errands_.answered(request, "secauth is off: there is no key");
  if (!membership_.quorum().verdict().quorate) return errands_.answered(request, not_quorate);
  if (!rotation_.propose(request, fingerprint, file))
    return errands_.answered(request, "another rotation is under way");
  rotate_by_ = now_ + rotation_patience;
}

void Node::rotate_by(NodeId sender, const membership::wire::Word& word) {
  if (!sealed_) return;
  // The ring may have broken since it was asked.
  const bool asks = What{word.what} == What::rotate;
  if (!asks || membership_.quorum().verdict().quorate)
    take_step(rotation_.word(sender, word));
  else if (sender == peers_.self())
    rotation_.withdraw(not_quorate);
  answer_rotation();
}

void Node::take_step(Rotation::Step step) {
  switch (step) {
    case Rotation::Step::none:
      break;
    case Rotation::Step::read:
      forget_key();
      read_key_by_ = now_ + key_patience;
      log_.write(now_, LogLevel::info, "rotation: node {} asks for the key {:016x} in {}",
                 static_cast<std::uint32_t>(rotation_.asked_by()), rotation_.wanted(),
                 rotation_.file());
      errands_.read_key(++key_ticket_, rotation_.file());
      break;
    case Rotation::Step::forget:
      forget_key();
      log_.write(now_, LogLevel::warning, "rotation: nothing changes: {}", rotation_.reason());
      break;
    case Rotation::Step::send:
      sealed_->exchange_keys();
      log_.write(now_, LogLevel::info,
                 "rotation: all members take the key {:016x}: sending with it", rotation_.wanted());
      break;
    case Rotation::Step::drop:
      forget_key();
      log_.write(
          now_, LogLevel::info,
          "rotation: all members send with the key {:016x}, the one before is dropped; {} is "
          "to be the key file before a node starts again",
          rotation_.wanted(), rotation_.file());
      break;
  }
}

void Node::answer_rotation() {
  Rotation::Answer answer;
  if (!rotation_.ended(answer)) return;
  rotate_by_ = never;
  errands_.answered(answer.request, answer.refused.text());
}

void Node::forget_key() {
  read_key_by_ = never;
  if (sealed_->other_key()) errands_.take_back(sealed_->forget_other_key());
}

void Node::refuse_key(std::string_view reason) {
  read_key_by_ = never;
  rotation_.refuse(reason);
}

void Node::key_read(std::uint64_t ticket, std::optional<ClusterKey> key, std::string_view reason) {
  const bool waited_for = ticket == key_ticket_ && rotation_.stage() == Rotation::Stage::reading;
  if (waited_for && !key)
    refuse_key(reason);
  else if (waited_for && key->fingerprint() != rotation_.wanted())
    refuse_key("the file holds another key here");
  else if (waited_for && !sealed_->can_tell(*key))
    refuse_key("frames of that key look like those of the present one: draw another");
  else if (waited_for) {
    read_key_by_ = never;
    sealed_->accept(std::move(*key));
    rotation_.accepted();
    key.reset();
  }
  if (key) errands_.take_back(std::move(*key));
}

void Node::expire_rotation(Time now) {
  if (now >= read_key_by_) refuse_key("the file could not be read in time");
  if (now < rotate_by_) return;
  rotate_by_ = never;
  if (Rotation::Answer answer; rotation_.give_up(answer))
    errands_.answered(answer.request, answer.refused.text());
}

void Node::tell_rotation(Snapshot& page) const noexcept {
  if (!sealed_) return;
  page.key = rotation_.present();
  page.rotation = text(rotation_.stage()).data();
  page.next_key = rotation_.stage() == Rotation::Stage::none ? 0 : rotation_.wanted();
  page.rotation_waits_for = rotation_.waits_for();
}

}  // namespace gyre::node
