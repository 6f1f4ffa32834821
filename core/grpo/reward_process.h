#pragma once

#include <sys/types.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/values/train_options.h"

namespace lvr {

// A reward of one's own that did not do its part. It is no fault of the model.
class RewardFailed : public Error {
public:
    using Error::Error;
};

// A reward command, as long as the training. It reads lines and a blank one, and prints a number
// for each; its stderr goes on to ours. It is in a process group of its own: Ctrl-C is for the
// training, which ends the command when it ends.
class RewardProcess {
public:
    // By /bin/sh. timeout: of each question.
    RewardProcess(RewardCommand command, std::chrono::seconds timeout);
    ~RewardProcess();  // its input ends; a second later it is killed, with what it started
    RewardProcess(const RewardProcess&) = delete;
    RewardProcess& operator=(const RewardProcess&) = delete;

    const std::string& name() const { return command_.name; }
    // A finite number for each line. Throws RewardFailed: it ended, took too long, or printed
    // something else or more; Cancelled.
    std::vector<double> ask(const std::vector<std::string>& lines, const std::stop_token& stop);

private:
    void write(std::string& text);
    void read();
    void readErrors();
    void checkNothingIsLeft();
    double numberIn(const std::string& line, std::size_t index, std::size_t of);
    [[noreturn]] void failEnded(std::size_t numbers, std::size_t of);
    [[noreturn]] void fail(const std::string& what);

    RewardCommand command_;
    std::chrono::seconds timeout_;
    pid_t process_ = -1;
    int input_ = -1, output_ = -1, errors_ = -1;  // of the command
    bool ended_ = false;                          // its output has, or it failed
    std::string heard_;                           // of its output, what no number was read from yet
    std::string complaint_;                       // last line of its stderr
    std::string halfComplaint_;
};

}  // namespace lvr
