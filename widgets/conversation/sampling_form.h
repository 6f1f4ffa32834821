#pragma once

#include <QWidget>

#include "core/values/options.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QSpinBox;
class QToolButton;

namespace lvr {

// How to decode, apart from the exit rule; folded away until it is wanted. The fold's line says
// what differs from the defaults.
class SamplingForm : public QWidget {
    Q_OBJECT
public:
    explicit SamplingForm(QWidget* parent = nullptr);
    // The exit rule and what has no field here stay as they were set; a given thought is not kept.
    DecodeOptions options() const;
    void setOptions(const DecodeOptions& options);

Q_SIGNALS:
    void changed();

private:
    void makeFields();
    void build();
    void wire();
    void report();

    DecodeOptions given_;
    QToolButton* fold_ = nullptr;
    QWidget* fields_ = nullptr;
    QDoubleSpinBox *temperature_ = nullptr, *topP_ = nullptr;
    QLineEdit *seed_ = nullptr, *system_ = nullptr;
    QSpinBox* maxNewTokens_ = nullptr;
    QCheckBox* forceStart_ = nullptr;
    QComboBox* feed_ = nullptr;
};

}  // namespace lvr
