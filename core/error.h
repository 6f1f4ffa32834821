#pragma once

#include <exception>
#include <stdexcept>

namespace lvr {

// Something outside the program is wrong: a file, a flag, a checkpoint. The text is one sentence
// for a person that names the thing and says what to do.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// What was typed is wrong, whatever the files hold: an option's value, or two that exclude each
// other.
class UsageError : public Error {
public:
    using Error::Error;
};

// A long operation was asked to stop before it had a result worth returning. Not an error: whoever
// requested the stop swallows it.
class Cancelled : public std::exception {
public:
    const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace lvr
