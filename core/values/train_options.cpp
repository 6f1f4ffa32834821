#include "core/values/train_options.h"

#include <algorithm>
#include <cctype>

#include "core/error.h"

namespace lvr {

RewardCommand parseRewardCommand(const std::string& text) {
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    const bool isName = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_' || c == '-' || c == '.';
    });
    if (equals == text.npos || !isName)
        throw Error("\"" + text +
                    "\" names no reward; write NAME=COMMAND, such as short=\"python3 short.py\"");
    // Metrics of their sum, and other columns of exported completions.
    for (const char* taken : {"mean", "std", "step", "prompt", "completion", "advantage", "reward",
                              "image", "group", "expected", "stopped"})
        if (name == taken)
            throw Error("a reward can't be called \"" + name +
                        "\", which has a meaning already; choose another name");
    const auto command = text.substr(equals + 1);
    if (command.find_first_not_of(" \t\n") == command.npos)
        throw Error("the reward \"" + name + "\" has no command; write NAME=COMMAND");
    return {name, command};
}

}  // namespace lvr
