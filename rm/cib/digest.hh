// The digest by which an operation's parameters are compared with those it last ran with.
//
// What is hashed is the text " <parameters a=\"x\" b=\"y\"/>\n": names in the order of their bytes,
// values escaped as in XML. Which names are in it is the caller's to say: the parameters of the
// resource and of the operation, without CRM_meta_* but for CRM_meta_timeout of a recurring one.
#pragma once

#include <array>
#include <string_view>

#include "rm/cib/attributes.hh"

namespace gyre::rm {

// MD5, as 32 hexadecimal digits.
struct Digest {
  std::array<char, 32> hex;
  std::string_view view() const noexcept { return {hex.data(), hex.size()}; }
  bool operator==(const Digest&) const = default;
};

Digest digest(const Attributes& parameters);

}  // namespace gyre::rm
