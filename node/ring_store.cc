#include "node/ring_store.hh"

#include <fmt/format.h>

#include <stdexcept>
#include <system_error>

#include "node/ring_file.hh"

namespace gyre::node {
namespace {

constexpr const char* file_name = "ringid";

}  // namespace

RingStore::RingStore(const std::string& directory)
    : directory_(directory), path_(directory + "/" + file_name) {
  if (const auto content = directory_.read(file_name, ring_file_max)) {
    const auto bound = decode_ring_file(*content);
    origin_ = bound ? Origin::read : Origin::damaged;
    bound_ = bound.value_or(0);
  }
  try {  // now, so that a directory that cannot be written is known before anything else starts
    directory_.replace(file_name, encode_ring_file(bound_));
  } catch (const std::system_error& error) {
    throw std::runtime_error(
        fmt::format("state directory {} cannot be written: {}", directory, error.what()));
  }
}

std::uint64_t RingStore::reserve(std::uint64_t upto) {
  if (upto <= bound_) return bound_;
  directory_.replace(file_name, encode_ring_file(upto + block));
  return bound_ = upto + block;
}

}  // namespace gyre::node
