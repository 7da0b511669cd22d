// The digests by which an operation's parameters are compared with those it last ran with. They are
// written to the record of each operation (lrm_rsc_op), and read from records of Pacemaker.
//
// Hashed is the text ` <parameters a="x" b="y"/>` and a line feed: names in the order of their
// bytes, values escaped (digest.cc). In it are the parameters of the resource on the node, those of
// the operation that the resource has not, and for a recurring operation CRM_meta_timeout, in
// milliseconds; not in it are meta attributes and what names the operation.
#pragma once

#include <array>
#include <pugixml.hpp>
#include <string_view>

#include "rm/cib/attributes.hh"

namespace gyre::rm {

// MD5, as 32 hexadecimal digits.
struct Digest {
  std::array<char, 32> hex;
  std::string_view view() const noexcept { return {hex.data(), hex.size()}; }
  bool operator==(const Digest&) const = default;
};

Digest md5(std::string_view text);

// Of the parameters; with a timeout that of a recurring operation.
Digest digest(const Attributes& parameters, std::string_view timeout_ms = {});

// What has to follow a change of parameters: of a recurring operation, that it begins again.
enum class Consequence { none, reload, restart };

// From the record of a start, promote, migrate_from or monitor (of others no change matters) to
// `parameters`. Without op-digest the parameters have changed. If the record has op-restart-digest,
// only a change of what op-force-restart lists is more than a reload.
//
// `sanitized`: the document may have been made fit to be shown, with secrets overwritten. Then a
// change of what op-secure-params lists is none, nor, where a version before feature set 3.16.0
// wrote the record of a fence device, of what is for the fencer and not for the device's agent.
Consequence change(pugi::xml_node record, const Attributes& parameters, std::string_view timeout_ms,
                   bool sanitized);

}  // namespace gyre::rm
