# Types of whose objects none is unfilled: what C alone fills can't be made from Python by the type's name or its
# `__new__`, or it would be read unfilled. C itself goes by the type's slot, as does the call of a type that has a
# constructor.
# Only in C: an unfilled object of a Python class raises AttributeError.

cdef extern from *:
    """
    static int tc_refuse_init(PyObject *made, PyObject *args, PyObject *named) {
        (void)args, (void)named;
        Py_XDECREF(PyObject_CallMethod((PyObject *)Py_TYPE(made), "__new__", NULL));
        return -1;
    }

    static int tc_fill_all(PyObject *kind, PyObject *refuse) {
        PyTypeObject *type = (PyTypeObject *)kind;
        if (PyDict_SetItemString(type->tp_dict, "__new__", refuse) < 0) return -1;
        if (type->tp_init == PyBaseObject_Type.tp_init) {
            type->tp_init = tc_refuse_init;
            type->tp_vectorcall = NULL;            /* Cython's own goes past tp_init */
        }
        PyType_Modified(type);
        return 0;
    }
    """
    int tc_fill_all(object kind, object refuse) except -1


cdef inline int fill_all(object kind, object instead) except -1:
    """From now on what would leave one unfilled raises TypeError, saying where one comes from."""
    from tradecore.vocabulary.showing import refuse_making             # a .pxd's own imports are not run

    return tc_fill_all(kind, refuse_making(kind, instead))
