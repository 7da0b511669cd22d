// A frame as one line of a trace: its kind and the fields that matter to a reader.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "totem/types.hh"

namespace gyre::test {

// What scripts call the kinds of frames. A barrier is a data frame that carries one.
inline constexpr std::string_view frame_kinds[] = {
    "data", "barrier", "token", "join", "commit_token", "merge_detect", "hold_cancel"};

std::string_view kind_of(std::span<const std::byte> frame);
std::string text_of(std::span<const std::byte> frame);
std::string text_of(const totem::RingId& ring);  // ring seq/representative
std::string text_of(const totem::Place& place);  // ring:seq
std::string text_of(std::string_view payload);   // quoted, padding counted

// A long message is its name and this many dots.
inline constexpr char padding = '.';

}  // namespace gyre::test
