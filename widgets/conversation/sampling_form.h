#pragma once

#include <QWidget>

#include "core/values/options.h"

class QScrollArea;
class QToolButton;

namespace lvr {

class DecodeForm;
class ElidedLabel;

// How to decode, apart from the exit rule; folded away until it is wanted. The line beside
// the fold says what differs from the defaults.
class SamplingForm : public QWidget {
    Q_OBJECT
public:
    explicit SamplingForm(QWidget* parent = nullptr);
    // The exit rule stays as it was set; a given thought and borrowed latents are not kept.
    DecodeOptions options() const;
    void setOptions(const DecodeOptions& options);

Q_SIGNALS:
    void changed();

private:
    void build();
    void report();

    QToolButton* fold_;
    ElidedLabel* differs_;
    QScrollArea* room_;  // where the window is low, the fields are scrolled and not squeezed
    DecodeForm* fields_;
};

}  // namespace lvr
