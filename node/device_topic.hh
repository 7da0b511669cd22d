// What local programs say of the quorum device that they ask: quorum.device and, behind a dot,
// register, unregister, update, poll and master_wins, as votequorum_qdevice_… does it.
//
// A program registers by a name, of which there is one at a time on a node, and says over and over,
// for the ring that stands, whether the device votes for it. That holds for quorum.device.timeout.
// Who it was that registered does not matter: a program that died takes its name up again.
#pragma once

#include "node/topic.hh"

namespace gyre::node {

Topics device_topics(const membership::QuorumSettings& settings);

}  // namespace gyre::node
