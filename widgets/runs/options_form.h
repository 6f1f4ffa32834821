#pragma once

#include <QWidget>
#include <utility>
#include <vector>

#include "core/values/option_field.h"

class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace lvr {

class ProblemLabel;

// One option: its name, an editor that fits its kind, a way back to the default, and below what is
// wrong with it.
class OptionEditor : public QWidget {
    Q_OBJECT
public:
    explicit OptionEditor(const OptionField& field, QWidget* parent = nullptr);

    const OptionField& field() const { return field_; }
    QString text() const;  // as on the command line
    void setText(const QString& text);
    bool isDefault() const;
    QString problem() const;  // empty: valid
    void reset() { setText(QString::fromStdString(field_.text)); }
    void setNameWidth(int width);

Q_SIGNALS:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeEditor();
    void build();
    void update();

    OptionField field_;
    QLabel* name_;
    QWidget* editor_;  // QComboBox, QCheckBox or QLineEdit
    QToolButton* reset_;
    ProblemLabel* problem_;
};

// All options of a training, grown from the list that the command line has, too.
class OptionsForm : public QWidget {
    Q_OBJECT
public:
    explicit OptionsForm(QWidget* parent = nullptr);

    void setFields(const std::vector<OptionField>& fields);  // at their defaults
    // Every other field is reset. A name that is not there is ignored.
    void setValues(const std::vector<std::pair<QString, QString>>& values);
    std::vector<std::pair<QString, QString>> changedValues() const;  // name, text; in order
    QString problem() const;  // "lr: ..." of the first that is not valid; empty: none
    void focusProblem();      // brings it into view
    void reset();

Q_SIGNALS:
    void changed();

private:
    void build();
    void filter();
    void update();

    QLineEdit* search_;
    QLabel* summary_;
    QPushButton* reset_;
    QWidget* content_;
    QVBoxLayout* column_;
    std::vector<OptionEditor*> editors_;
};

}  // namespace lvr
