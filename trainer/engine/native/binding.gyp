# Builds binding.cc over the sources of @tensorflow/tfjs-node-gpu. Variables: `package`, its folder; `deps`, TensorFlow's library and headers.
{
  'targets': [{
    'target_name': 'tfjs_binding',
    'sources': ['binding.cc'],
    'include_dirs': ['<(package)/binding', '<(deps)/include'],
    'defines': ['NAPI_VERSION=8'],
    'conditions': [
      ['OS=="linux"', {
        'libraries': ['-Wl,-rpath,\$$ORIGIN/../../deps/lib', '-ltensorflow', '-ltensorflow_framework'],
        'library_dirs': ['<(deps)/lib'],
      }],
      ['OS=="mac"', {
        'libraries': ['<(deps)/lib/libtensorflow.2.dylib', '<(deps)/lib/libtensorflow_framework.2.dylib'],
      }],
    ],
  }],
}
