#include "node/votes_store.hh"

#include <algorithm>

#include "node/votes_file.hh"

namespace gyre::node {
namespace {

constexpr const char* file_name = "votes";

}  // namespace

VotesStore::VotesStore(const std::string& directory)
    : directory_(directory), path_(directory + "/" + file_name) {
  const auto content = directory_.read(file_name, votes_file_max);
  if (!content) return;
  const auto kept = decode_votes_file(*content);
  origin_ = kept ? Origin::read : Origin::damaged;
  if (kept) kept_ = *kept;
}

void VotesStore::promise(Duration consensus) {
  if (origin_ == Origin::damaged) return;
  membership::KeptVotes kept = kept_;
  kept.consensus =
      std::max(kept.consensus, std::chrono::ceil<std::chrono::milliseconds>(consensus));
  keep(kept);
}

void VotesStore::keep(const membership::KeptVotes& kept) {
  if (kept == kept_ && origin_ == Origin::read) return;
  directory_.replace(file_name, encode_votes_file(kept));
  kept_ = kept;
  origin_ = Origin::read;
}

}  // namespace gyre::node
