// The exit statuses that scripts around Pacemaker look at.
#pragma once

namespace gyre::rm::shell::exits {

inline constexpr int ok = 0;
inline constexpr int error = 1;
inline constexpr int critical = 2;   // of crm_mon -s
inline constexpr int parameter = 2;  // not one that this can be done with
inline constexpr int unimplemented = 3;
inline constexpr int usage = 64;
inline constexpr int invalid_data = 65;
inline constexpr int no_input = 66;
inline constexpr int software = 70;  // what was asked for makes no sense
inline constexpr int io = 74;
inline constexpr int protocol = 76;  // well-formed, but not what was expected
inline constexpr int config = 78;
inline constexpr int disconnected = 102;
inline constexpr int old = 103;  // made for another version
inline constexpr int no_such_object = 105;
inline constexpr int cannot_create = 105;  // a file that was to be written
inline constexpr int unsafe = 107;
inline constexpr int exists = 108;
inline constexpr int several = 109;  // where one was meant
inline constexpr int not_now = 113;  // as things are
inline constexpr int timed_out = 124;

}  // namespace gyre::rm::shell::exits
