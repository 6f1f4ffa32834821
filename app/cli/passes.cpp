#include "app/cli/passes.h"

#include "core/error.h"

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

CLI::Validator endsIn(const std::string& ending) {
    return passes([ending](const std::string& file) {
        if (!file.ends_with(ending))
            throw Error(file + " does not end in " + ending + ", which is what is written");
    });
}

}  // namespace lvr
