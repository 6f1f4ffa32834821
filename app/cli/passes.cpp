#include "app/cli/passes.h"

#include <limits>

#include "core/error.h"
#include "core/values/option_field.h"

namespace lvr {

CLI::Validator passes(const std::function<void(const std::string&)>& check) {
    return CLI::Validator(
        [check](const std::string& text) {
            try {
                check(text);
                return std::string();
            } catch (const Error& e) {
                return std::string(e.what());
            }
        },
        "");
}

CLI::Validator wholeFrom(int lowest) {
    return passes([lowest](const std::string& text) {
        checkInteger(text, {static_cast<double>(lowest), std::numeric_limits<int>::max()});
    });
}

CLI::Validator endsIn(const std::string& ending) {
    return passes([ending](const std::string& file) {
        if (!file.ends_with(ending))
            throw Error(file + " does not end in " + ending + ", which is what is written");
    });
}

}  // namespace lvr
